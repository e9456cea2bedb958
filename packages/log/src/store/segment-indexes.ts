/**
 * All that is known of one segment besides its bytes: the three indexes, the largest timestamp and how
 * far the last index entry is behind. Appending, recovery and compaction feed it batch by batch in the
 * same way, so the indexes they give are the same.
 */
import type { BatchView } from '@barnabas/protocol'
import { OffsetIndex } from '../index/offset-index.ts'
import { TimeIndex, type TimestampOffset } from '../index/time-index.ts'
import { TransactionIndex } from '../index/transaction-index.ts'

export interface IndexOptions {
  /** Bytes of log between two entries. */
  indexIntervalBytes: number
  /** Size at which an index is full and its segment is rolled. */
  maxIndexSizeBytes: number
}

export class SegmentIndexes {
  offsets: OffsetIndex
  times: TimeIndex
  transactions: TransactionIndex
  /** Timestamp -1 while there is none. The offset is the last one of the batch that has it. */
  maxTimestamp = -1
  offsetOfMaxTimestamp: number
  private bytesSinceLastEntry = 0

  constructor(baseOffset: number, maxIndexSizeBytes: number) {
    this.offsets = new OffsetIndex(baseOffset, maxIndexSizeBytes)
    this.times = new TimeIndex(baseOffset, maxIndexSizeBytes)
    this.transactions = new TransactionIndex(baseOffset)
    this.offsetOfMaxTimestamp = baseOffset
  }

  get isFull(): boolean {
    return this.offsets.isFull || this.times.isFull
  }

  get max(): TimestampOffset {
    return { timestamp: this.maxTimestamp, offset: this.offsetOfMaxTimestamp }
  }

  /** Notes a batch that now stands at `position`. */
  add(batch: BatchView, position: number, sizeBytes: number, indexIntervalBytes: number): void {
    this.noteTimestamp(batch)
    if (this.bytesSinceLastEntry > indexIntervalBytes) {
      this.offsets.append(batch.lastOffset, position)
      this.times.maybeAppend(this.maxTimestamp, this.offsetOfMaxTimestamp)
      this.bytesSinceLastEntry = 0
    }
    this.bytesSinceLastEntry += sizeBytes
  }

  noteTimestamp(batch: BatchView): void {
    const { maxTimestamp } = batch
    if (maxTimestamp <= this.maxTimestamp) return
    this.maxTimestamp = maxTimestamp
    this.offsetOfMaxTimestamp = batch.lastOffset
  }

  /** The segment is complete: its largest timestamp closes the time index. */
  seal(): void {
    this.times.maybeAppend(this.maxTimestamp, this.offsetOfMaxTimestamp)
  }

  /** After loading: the largest timestamp is the last entry's until later batches are read. */
  takeMaxFromTimeIndex(): void {
    const { timestamp, offset } = this.times.last
    this.maxTimestamp = timestamp
    this.offsetOfMaxTimestamp = offset
  }

  /** Drops what `offset` and later brought. The largest timestamp is then the time index's last. */
  truncateTo(offset: number): void {
    this.offsets.truncateTo(offset)
    this.times.truncateTo(offset)
    this.transactions.truncateTo(offset)
    this.bytesSinceLastEntry = 0
    this.takeMaxFromTimeIndex()
  }
}
