/**
 * Segments in memory, for tests and for partitions that need not survive their broker. Batches are kept
 * as they came, one buffer each; indexes are the list itself.
 */
import { assert } from '@barnabas/base'
import { BatchView } from '@barnabas/protocol'
import type { TimestampOffset } from '../index/time-index.ts'
import type { AbortedTransaction } from '../index/transaction-index.ts'
import { emptyRun } from './file-reader.ts'
import { floorSegment } from './file-segment-store.ts'
import type {
  ReadRequest,
  ReadRun,
  Segment,
  SegmentDraft,
  SegmentStore,
  VisitBatch,
} from './segment-store.ts'

export class MemorySegment implements Segment, SegmentDraft {
  readonly baseOffset: number
  createdMs: number
  sizeBytes = 0
  batches: BatchView[] = []
  aborted: AbortedTransaction[] = []
  private modified: number

  constructor(baseOffset: number, nowMs: number) {
    this.baseOffset = baseOffset
    this.createdMs = nowMs
    this.modified = nowMs
  }

  get firstTimestamp(): number {
    return this.batches[0]?.maxTimestamp ?? -1
  }

  get isFull(): boolean {
    return false
  }

  append(_bytes: Buffer, batches: readonly BatchView[]): void {
    for (const batch of batches) {
      // The request's buffer serves other requests later.
      this.batches.push(new BatchView(Buffer.from(batch.bytes)))
      this.sizeBytes += batch.sizeBytes
    }
  }

  appendAborted(transaction: AbortedTransaction): void {
    this.aborted.push(transaction)
  }

  async discard(): Promise<void> {}

  maxTimestamp(): TimestampOffset {
    let max = { timestamp: -1, offset: this.baseOffset }
    for (const { maxTimestamp, lastOffset } of this.batches) {
      if (maxTimestamp > max.timestamp) max = { timestamp: maxTimestamp, offset: lastOffset }
    }
    return max
  }

  modifiedMs(): number {
    return this.modified
  }

  readFirstTimestamp(): number {
    return this.firstTimestamp
  }

  indexSizeBytes(): number {
    return 0
  }

  abortedTransactions(): readonly AbortedTransaction[] {
    return this.aborted
  }

  /** Index of the first batch that ends at `offset` or later. */
  floor(offset: number): number {
    let low = 0
    let high = this.batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.batches[middle]!.lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }

  truncateTo(offset: number, nowMs: number): void {
    this.batches.length = this.floor(offset)
    this.aborted = this.aborted.filter(({ lastOffset }) => lastOffset < offset)
    this.sizeBytes = this.batches.reduce((sum, batch) => sum + batch.sizeBytes, 0)
    if (this.batches.length === 0) this.createdMs = nowMs
  }

  keepModified(modifiedMs: number): void {
    this.modified = modifiedMs
  }
}

export class MemorySegmentStore implements SegmentStore {
  endOffset: number
  private list: readonly MemorySegment[]

  constructor(startOffset: number, nowMs: number) {
    this.list = [new MemorySegment(startOffset, nowMs)]
    this.endOffset = startOffset
  }

  get segments(): readonly MemorySegment[] {
    return this.list
  }

  get active(): MemorySegment {
    return this.list.at(-1)!
  }

  get sizeBytes(): number {
    return this.list.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  }

  append(bytes: Buffer, batches: readonly BatchView[]): void {
    this.active.append(bytes, batches)
    this.endOffset = batches.at(-1)!.nextOffset
  }

  appendAborted(transaction: AbortedTransaction): void {
    this.active.appendAborted(transaction)
  }

  roll(baseOffset: number, nowMs: number): void {
    assert(baseOffset >= this.endOffset, `rolled to ${baseOffset}, the end is ${this.endOffset}`)
    const kept = this.active.sizeBytes > 0 ? this.list : this.list.slice(0, -1)
    this.list = [...kept, new MemorySegment(baseOffset, nowMs)]
    this.endOffset = baseOffset
  }

  async flush(): Promise<void> {}

  recoveryPointOf(flushedOffset: number): number {
    return flushedOffset
  }

  read(request: ReadRequest): ReadRun {
    const { offset, maxOffset, maxBytes, minOneBatch } = request
    if (offset >= maxOffset) return emptyRun(offset)
    for (let n = floorSegment(this.list, offset); n < this.list.length; n++) {
      const { batches } = this.list[n]!
      const first = this.list[n]!.floor(offset)
      if (first === batches.length) continue
      let to = first
      let sizeBytes = 0
      for (let batch = batches[to]; batch !== undefined; batch = batches[++to]) {
        if (batch.lastOffset >= maxOffset) break
        const fits = sizeBytes + batch.sizeBytes <= maxBytes
        if (!fits && !(minOneBatch && to === first)) break
        sizeBytes += batch.sizeBytes
      }
      if (to === first) return emptyRun(offset)
      return {
        parts: batches.slice(first, to).map(({ bytes }) => bytes),
        sizeBytes,
        startOffset: batches[first]!.baseOffset,
        endOffset: batches[to - 1]!.nextOffset,
      }
    }
    return emptyRun(offset)
  }

  async scan(segment: Segment, fromOffset: number, visit: VisitBatch): Promise<void> {
    const { batches } = segment as MemorySegment
    let position = 0
    for (const batch of [...batches]) {
      if (batch.lastOffset >= fromOffset && visit(batch, position) === true) return
      position += batch.sizeBytes
    }
  }

  floorOffset(segment: Segment): number {
    return segment.baseOffset
  }

  async truncateTo(offset: number, nowMs: number): Promise<void> {
    const keep = Math.max(1, this.list.filter(({ baseOffset }) => baseOffset <= offset).length)
    this.list = this.list.slice(0, keep)
    this.active.truncateTo(offset, nowMs)
    this.endOffset = offset
  }

  async reset(offset: number, nowMs: number): Promise<void> {
    this.list = [new MemorySegment(offset, nowMs)]
    this.endOffset = offset
  }

  async dropFirst(count: number): Promise<void> {
    assert(count < this.list.length, 'the active segment stays')
    this.list = this.list.slice(count)
  }

  async createDraft(baseOffset: number): Promise<SegmentDraft> {
    return new MemorySegment(baseOffset, 0)
  }

  async replace(draft: SegmentDraft, replaced: readonly Segment[]): Promise<void> {
    const fresh = draft as MemorySegment
    fresh.keepModified(await replaced.at(-1)!.modifiedMs())
    const at = this.list.indexOf(replaced[0] as MemorySegment)
    assert(at >= 0 && fresh.baseOffset === replaced[0]!.baseOffset, 'replaced is not listed')
    this.list = [...this.list.slice(0, at), fresh, ...this.list.slice(at + replaced.length)]
  }

  async close(): Promise<void> {}

  async abandon(): Promise<void> {}
}
