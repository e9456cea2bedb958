/**
 * Snapshot files: a header, the records of an image, a footer. Without its footer a file is none, however
 * it came about; `replaceFile` lets no half of one get its name.
 */
import { type FileSystem, type Logger, MalformedError } from '@barnabas/base'
import { readBatches, SnapshotFooterRecord, SnapshotHeaderRecord } from '@barnabas/protocol'
import {
  decodeMetadataBatch,
  encodeControlBatch,
  encodeMetadataBatch,
  type MetadataBatch,
  type QuorumControl,
} from '../../records/metadata-batch.ts'
import { encodeMetadataRecord, type MetadataRecord } from '../../records/metadata-record.ts'
import { type SnapshotId, snapshotFileName, snapshotIdOf } from './files.ts'
import { OLDER_SNAPSHOTS_KEPT, SNAPSHOT_BATCH_BYTES } from './limits.ts'

export interface LoadedSnapshot {
  readonly id: SnapshotId
  /** Of the last record that it stands for. */
  readonly timestampMs: number
  readonly records: readonly MetadataRecord[]
  /** The level and the voters of the quorum, where it names them. */
  readonly controls: readonly QuorumControl[]
}

export interface SnapshotContent {
  readonly epoch: number
  /** When the file is written. */
  readonly nowMs: number
  /** Of the last record that it stands for. */
  readonly lastTimestampMs: number
  readonly controls: readonly QuorumControl[]
  readonly records: Iterable<MetadataRecord>
}

/** The bytes of a snapshot file. */
export function encodeSnapshot(content: SnapshotContent): Buffer {
  const { epoch, nowMs: timestampMs, lastTimestampMs: lastContainedLogTimestamp } = content
  const parts: Buffer[] = []
  let baseOffset = 0
  const addControls = (controls: readonly QuorumControl[]) => {
    parts.push(encodeControlBatch(controls, { baseOffset, epoch, timestampMs }))
    baseOffset += controls.length
  }
  const header = SnapshotHeaderRecord.create({ lastContainedLogTimestamp })
  addControls([{ type: 'snapshotHeader', data: header }, ...content.controls])
  for (const records of inBatches(content.records)) {
    parts.push(encodeMetadataBatch(records, { baseOffset, epoch, timestampMs }))
    baseOffset += records.length
  }
  addControls([{ type: 'snapshotFooter', data: SnapshotFooterRecord.create({}) }])
  return Buffer.concat(parts)
}

function* inBatches(records: Iterable<MetadataRecord>): Iterable<MetadataRecord[]> {
  let batch: MetadataRecord[] = []
  let sizeBytes = 0
  for (const record of records) {
    const recordBytes = encodeMetadataRecord(record).length
    if (batch.length > 0 && sizeBytes + recordBytes > SNAPSHOT_BATCH_BYTES) {
      yield batch
      batch = []
      sizeBytes = 0
    }
    batch.push(record)
    sizeBytes += recordBytes
  }
  if (batch.length > 0) yield batch
}

/** What is in the bytes of a snapshot file. Throws `MalformedError` when it is not whole. */
export function decodeSnapshot(path: string, bytes: Buffer): Omit<LoadedSnapshot, 'id'> {
  const { batches, end } = readBatches(bytes)
  const decoded: MetadataBatch[] = batches.map(decodeMetadataBatch)
  const header = decoded[0]?.controls[0]
  const footer = decoded.at(-1)?.controls.at(-1)
  if (
    end !== 'complete' ||
    header?.type !== 'snapshotHeader' ||
    footer?.type !== 'snapshotFooter'
  ) {
    throw new MalformedError(`${path} is no whole snapshot`)
  }
  return {
    timestampMs: header.data.lastContainedLogTimestamp,
    records: decoded.flatMap((batch) => batch.records),
    controls: decoded
      .flatMap((batch) => batch.controls)
      .filter(({ type }) => type === 'kraftVersion' || type === 'voters'),
  }
}

export class Snapshots {
  private readonly files: FileSystem
  private readonly directory: string
  private readonly logger: Logger
  private readonly sync: boolean

  constructor(files: FileSystem, directory: string, logger: Logger, sync: boolean) {
    this.files = files
    this.directory = directory
    this.logger = logger
    this.sync = sync
  }

  /** The newest that is whole; null when there is none. A damaged one is passed over. */
  async newest(): Promise<LoadedSnapshot | null> {
    const ids = await this.ids()
    for (const id of ids.reverse()) {
      const path = this.path(id)
      try {
        const bytes = await this.files.readFile(path)
        const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
        return { id, ...decodeSnapshot(path, buffer) }
      } catch (error) {
        if (!(error instanceof MalformedError)) throw error
        this.logger.warn('passed over a damaged snapshot', { path, error })
      }
    }
    return null
  }

  async write(id: SnapshotId, content: SnapshotContent): Promise<void> {
    await this.files.replaceFile(this.path(id), encodeSnapshot(content), { sync: this.sync })
  }

  /** Deletes all but the newest few; gives the end of the oldest that is left. */
  async deleteOld(): Promise<number | null> {
    const ids = await this.ids()
    const kept = ids.slice(-1 - OLDER_SNAPSHOTS_KEPT)
    for (const id of ids) if (!kept.includes(id)) await this.files.remove(this.path(id))
    return kept[0]?.endOffset ?? null
  }

  /** Oldest first. */
  private async ids(): Promise<SnapshotId[]> {
    const names = await this.files.list(this.directory)
    return names
      .map(snapshotIdOf)
      .filter((id) => id !== null)
      .sort((a, b) => a.endOffset - b.endOffset || a.epoch - b.epoch)
  }

  private path(id: SnapshotId): string {
    return `${this.directory}/${snapshotFileName(id)}`
  }
}
