/**
 * Batches of the metadata log and of its snapshots: data batches hold metadata records, control batches
 * what the quorum notes for itself (who leads, who votes, where a snapshot begins and ends).
 */
import { MalformedError } from '@barnabas/base'
import {
  BatchBuilder,
  type BatchView,
  ControlRecordType,
  controlRecordKey,
  controlRecordType,
  decodeRecords,
  KRaftVersionRecord,
  LeaderChangeMessage,
  type MessageType,
  readQuorumControlValue,
  SnapshotFooterRecord,
  SnapshotHeaderRecord,
  VotersRecord,
  Writer,
} from '@barnabas/protocol'
import {
  decodeMetadataRecord,
  encodeMetadataRecord,
  type MetadataRecord,
} from './metadata-record.ts'

/** What a quorum notes in its log. Kinds of later versions are left out when reading. */
export type QuorumControl =
  | { readonly type: 'leaderChange'; readonly data: LeaderChangeMessage }
  | { readonly type: 'snapshotHeader'; readonly data: SnapshotHeaderRecord }
  | { readonly type: 'snapshotFooter'; readonly data: SnapshotFooterRecord }
  | { readonly type: 'kraftVersion'; readonly data: KRaftVersionRecord }
  | { readonly type: 'voters'; readonly data: VotersRecord }

export interface MetadataBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  /** Of the controller that wrote it. */
  readonly epoch: number
  readonly timestampMs: number
  readonly records: readonly MetadataRecord[]
  readonly controls: readonly QuorumControl[]
}

/** Where a batch goes in the log. */
export interface BatchPlace {
  readonly baseOffset: number
  readonly epoch: number
  readonly timestampMs: number
}

const CONTROLS = {
  leaderChange: { key: ControlRecordType.LEADER_CHANGE, message: LeaderChangeMessage },
  snapshotHeader: { key: ControlRecordType.SNAPSHOT_HEADER, message: SnapshotHeaderRecord },
  snapshotFooter: { key: ControlRecordType.SNAPSHOT_FOOTER, message: SnapshotFooterRecord },
  kraftVersion: { key: ControlRecordType.KRAFT_VERSION, message: KRaftVersionRecord },
  voters: { key: ControlRecordType.KRAFT_VOTERS, message: VotersRecord },
} as const

export function encodeMetadataBatch(records: readonly MetadataRecord[], place: BatchPlace): Buffer {
  const builder = builderAt(place, false)
  for (const record of records) {
    builder.append(place.timestampMs, null, encodeMetadataRecord(record))
  }
  return bytesOf(builder.build())
}

export function encodeControlBatch(controls: readonly QuorumControl[], place: BatchPlace): Buffer {
  const builder = builderAt(place, true)
  for (const control of controls) {
    const { key, message } = CONTROLS[control.type]
    const type = message as unknown as MessageType<{ version: number }>
    const writer = new Writer(256)
    type.write(writer, control.data, control.data.version)
    builder.append(place.timestampMs, controlRecordKey(key), writer.finishBuffer())
  }
  return bytesOf(builder.build())
}

/** Throws `MalformedError` when the bytes do not have the checksum they carry. */
export function decodeMetadataBatch(batch: BatchView): MetadataBatch {
  if (!batch.hasValidCrc()) {
    throw new MalformedError(`metadata batch at offset ${batch.baseOffset} has a wrong checksum`)
  }
  const records: MetadataRecord[] = []
  const controls: QuorumControl[] = []
  for (const { key, value } of decodeRecords(batch)) {
    if (value === null) throw new MalformedError('a metadata record without a value')
    if (!batch.isControl) {
      records.push(decodeMetadataRecord(value))
      continue
    }
    const control = decodeControl(key, value)
    if (control !== null) controls.push(control)
  }
  return {
    baseOffset: batch.baseOffset,
    lastOffset: batch.lastOffset,
    epoch: batch.partitionLeaderEpoch,
    timestampMs: batch.maxTimestamp,
    records,
    controls,
  }
}

function decodeControl(key: Uint8Array | null, value: Buffer): QuorumControl | null {
  const code = controlRecordType(key)
  for (const [type, { key: own, message }] of Object.entries(CONTROLS)) {
    if (own !== code) continue
    const data = readQuorumControlValue(message as unknown as MessageType<object>, value)
    return { type, data } as unknown as QuorumControl
  }
  return null
}

function builderAt(place: BatchPlace, isControl: boolean): BatchBuilder {
  return new BatchBuilder({
    baseOffset: place.baseOffset,
    partitionLeaderEpoch: place.epoch,
    isControl,
    initialBytes: 512,
  })
}

function bytesOf(batch: BatchView): Buffer {
  return batch.buffer.subarray(batch.position, batch.position + batch.sizeBytes)
}
