/**
 * How many bytes lie between two offsets near the end of a log, without asking the log: the sizes of the
 * newest batches, as a ring. Readers that wait for so many bytes ask it after every append.
 */
import { assert } from '@barnabas/base'
import { BATCH_SIZES_KEPT } from '../limits.ts'

export class BatchSizes {
  /** For each batch: the offset behind it, and the bytes of all batches up to it. */
  private nextOffsets: Float64Array
  private totals: Float64Array
  private readonly capacity: number
  private count = 0
  private total = 0

  /** For a log that ends at `endOffset`. `capacity` is a power of two. */
  constructor(endOffset: number, capacity: number = BATCH_SIZES_KEPT) {
    assert((capacity & (capacity - 1)) === 0, `${capacity} is no power of two`)
    this.capacity = capacity
    // Most partitions of a broker are quiet: no more than the end is kept until something comes.
    this.nextOffsets = Float64Array.of(endOffset)
    this.totals = Float64Array.of(0)
    this.count = 1
  }

  /** A batch, or several appended at once, that end before `nextOffset`. */
  add(nextOffset: number, sizeBytes: number): void {
    if (this.totals.length < this.capacity) this.grow()
    const at = this.count++ & (this.capacity - 1)
    this.total += sizeBytes
    this.nextOffsets[at] = nextOffset
    this.totals[at] = this.total
  }

  /** The log was cut or began anew; it ends at `endOffset`. */
  reset(endOffset: number): void {
    this.nextOffsets[0] = endOffset
    this.totals[0] = 0
    this.total = 0
    this.count = 1
  }

  /**
   * Bytes of the batches that end behind `from` and before or at `to`. Null when the batches around `from`
   * are not remembered any more.
   */
  between(from: number, to: number): number | null {
    if (to <= from) return 0
    const start = this.totalUpTo(from)
    return start === null ? null : (this.totalUpTo(to) ?? start) - start
  }

  private grow(): void {
    const { nextOffsets, totals, capacity } = this
    this.nextOffsets = new Float64Array(capacity)
    this.totals = new Float64Array(capacity)
    this.nextOffsets.set(nextOffsets)
    this.totals.set(totals)
  }

  /** Bytes of all batches that end before or at `offset`; null when that lies before what is kept. */
  private totalUpTo(offset: number): number | null {
    const { nextOffsets, totals, capacity, count } = this
    let low = Math.max(0, count - capacity)
    let high = count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (nextOffsets[middle & (capacity - 1)]! <= offset) low = middle + 1
      else high = middle
    }
    return low === Math.max(0, count - capacity) ? null : totals[(low - 1) & (capacity - 1)]!
  }
}
