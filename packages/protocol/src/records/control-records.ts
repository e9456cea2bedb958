/**
 * Control records: what brokers write among the records of a partition to end transactions, and into the
 * cluster's metadata log. The key says which kind it is, the value is a message of its own schema.
 */
import {
  EndTxnMarker,
  KRaftVersionRecord,
  LeaderChangeMessage,
  SnapshotFooterRecord,
  SnapshotHeaderRecord,
  VotersRecord,
} from '../generated/index.ts'
import { type MessageType, Reader, Writer } from '../wire/index.ts'
import { BatchBuilder, type BatchBuilderOptions } from './batch-builder.ts'
import type { BatchView } from './batch-view.ts'
import { cursorOf } from './record-decode.ts'

export const ControlRecordType = {
  ABORT: 0,
  COMMIT: 1,
  LEADER_CHANGE: 2,
  SNAPSHOT_HEADER: 3,
  SNAPSHOT_FOOTER: 4,
  KRAFT_VERSION: 5,
  KRAFT_VOTERS: 6,
} as const
export type ControlRecordType = (typeof ControlRecordType)[keyof typeof ControlRecordType]

const KEY_VERSION = 0
const KEY_BYTES = 4

/** The kind by the key of a control record; null for kinds of later versions, which readers skip. */
export function controlRecordType(key: Uint8Array | null): ControlRecordType | null {
  if (key === null || key.length < KEY_BYTES) return null
  const version = (key[0]! << 8) | key[1]!
  const type = (key[2]! << 8) | key[3]!
  // A later version of the key keeps its beginning, a negative one is no version.
  if (version >= 0x8000 || type > ControlRecordType.KRAFT_VOTERS) return null
  return type as ControlRecordType
}

/** The kind of a control batch's first record, null for none and for unknown kinds. */
export function controlTypeOf(batch: BatchView): ControlRecordType | null {
  if (!batch.isControl || batch.recordCount === 0) return null
  const cursor = cursorOf(batch)
  return cursor.next() ? controlRecordType(cursor.key()) : null
}

export function controlRecordKey(type: ControlRecordType): Buffer {
  return Buffer.from([0, KEY_VERSION, 0, type])
}

/** What the marker batch of a transaction says. */
export interface EndTransactionMarker {
  commit: boolean
  coordinatorEpoch: number
}

/** The marker in a batch, null when it holds none. */
export function readEndTransactionMarker(batch: BatchView): EndTransactionMarker | null {
  if (!batch.isControl || batch.recordCount === 0) return null
  const cursor = cursorOf(batch)
  if (!cursor.next()) return null
  const type = controlRecordType(cursor.key())
  if (type !== ControlRecordType.COMMIT && type !== ControlRecordType.ABORT) return null
  const value = cursor.value()
  if (value === null) return null
  const { coordinatorEpoch } = readControlValue(EndTxnMarker, value)
  return { commit: type === ControlRecordType.COMMIT, coordinatorEpoch }
}

/** The batch that ends a transaction of a producer on one partition. */
export function endTransactionMarkerBatch(
  marker: EndTransactionMarker & {
    producerId: number
    producerEpoch: number
    timestampMs: number
    partitionLeaderEpoch?: number
    baseOffset?: number
  },
): BatchView {
  const { producerId, producerEpoch, coordinatorEpoch } = marker
  return controlBatch(
    marker.commit ? ControlRecordType.COMMIT : ControlRecordType.ABORT,
    controlValue(EndTxnMarker, EndTxnMarker.create({ coordinatorEpoch }), 0),
    marker.timestampMs,
    {
      producerId,
      producerEpoch,
      isTransactional: true,
      baseOffset: marker.baseOffset ?? 0,
      partitionLeaderEpoch: marker.partitionLeaderEpoch ?? -1,
    },
  )
}

/** The batch by which a leader of the metadata quorum opens its epoch. */
export function leaderChangeBatch(
  message: LeaderChangeMessage,
  version: number,
  timestampMs: number,
  options: BatchBuilderOptions = {},
): BatchView {
  const value = bodyOf(LeaderChangeMessage, message, version)
  return controlBatch(ControlRecordType.LEADER_CHANGE, value, timestampMs, options)
}

/** A control batch of one record. */
export function controlBatch(
  type: ControlRecordType,
  value: Uint8Array,
  timestampMs: number,
  options: BatchBuilderOptions = {},
): BatchView {
  const builder = new BatchBuilder({ initialBytes: 256, ...options, isControl: true })
  builder.append(timestampMs, controlRecordKey(type), value)
  return builder.build()
}

/** The messages behind the kinds that stand in a metadata log. Their first field is their version. */
export const quorumControlMessages = {
  [ControlRecordType.LEADER_CHANGE]: LeaderChangeMessage,
  [ControlRecordType.SNAPSHOT_HEADER]: SnapshotHeaderRecord,
  [ControlRecordType.SNAPSHOT_FOOTER]: SnapshotFooterRecord,
  [ControlRecordType.KRAFT_VERSION]: KRaftVersionRecord,
  [ControlRecordType.KRAFT_VOTERS]: VotersRecord,
} as const

/** The value of a quorum's control record, read by the version it begins with. */
export function readQuorumControlValue<T>(type: MessageType<T>, value: Buffer): T {
  const version = Math.min(value.length >= 2 ? value.readInt16BE(0) : 0, type.maxVersion)
  return type.read(new Reader(value), version)
}

/** Version and message: how the end of a transaction is stored. */
function controlValue<T>(type: MessageType<T>, message: T, version: number): Buffer {
  const writer = new Writer(64)
  writer.int16(version)
  type.write(writer, message, version)
  return writer.finishBuffer()
}

function readControlValue<T>(type: MessageType<T>, value: Buffer): T {
  const reader = new Reader(value)
  const version = Math.min(reader.int16(), type.maxVersion)
  return type.read(reader, version)
}

function bodyOf<T>(type: MessageType<T>, message: T, version: number): Buffer {
  const writer = new Writer(256)
  type.write(writer, message, version)
  return writer.finishBuffer()
}
