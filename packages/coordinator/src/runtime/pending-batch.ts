/** Records that are replayed already and wait for, or are in, their append. */
import type { TimelineMark } from '@barnabas/base'
import { BATCH_OVERHEAD_BYTES, RECORD_OVERHEAD_BYTES } from './limits.ts'
import type { Outcome, ShardKinds } from './outcome.ts'
import type {
  AppendBatch,
  ProducerStamp,
  SerializedRecord,
  TransactionMarker,
} from './partition-writer.ts'
import type { Request } from './request.ts'

/** An outcome that is applied once the batch is appended. */
export interface PendingOutcome<K extends ShardKinds> {
  readonly request: Request<K>
  readonly outcome: Outcome<K, unknown>
  /** The response may go out when the log is committed up to here. */
  readonly offset: number
}

export class PendingBatch<K extends ShardKinds> {
  readonly baseOffset: number
  /** State before the first operation whose records are in here. */
  readonly mark: TimelineMark
  readonly timestampMs: number
  readonly producer: ProducerStamp | null
  readonly marker: TransactionMarker | null
  readonly records: SerializedRecord[] = []
  readonly outcomes: PendingOutcome<K>[] = []
  /** No more records may be added. */
  closed = false
  private sizeBytes = BATCH_OVERHEAD_BYTES

  constructor(
    baseOffset: number,
    mark: TimelineMark,
    timestampMs: number,
    producer: ProducerStamp | null,
    marker: TransactionMarker | null,
  ) {
    this.baseOffset = baseOffset
    this.mark = mark
    this.timestampMs = timestampMs
    this.producer = producer
    this.marker = marker
    this.closed = marker !== null
  }

  /** Offset after the last record. */
  get nextOffset(): number {
    return this.baseOffset + (this.marker === null ? this.records.length : 1)
  }

  add(record: SerializedRecord): void {
    this.records.push(record)
    this.sizeBytes += recordSizeBytes(record)
  }

  fits(moreBytes: number, maxBytes: number): boolean {
    return this.sizeBytes + moreBytes <= maxBytes
  }

  toAppend(): AppendBatch {
    const { records, timestampMs, producer, marker } = this
    return { records, timestampMs, producer, marker }
  }
}

export function recordSizeBytes(record: SerializedRecord): number {
  return record.key.length + (record.value?.length ?? 0) + RECORD_OVERHEAD_BYTES
}
