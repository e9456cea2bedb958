/**
 * Segments in the files of one directory, byte for byte as Kafka lays them out. Opened by
 * `openFileSegmentStore` (see file-loader.ts), which also settles what a crash left half done.
 *
 * The list of segments is replaced, never changed, so whoever holds one may walk it across waits; the
 * files of a segment that left the list keep their names while a lease is out on it.
 */
import { assert, type Awaitable, type Logger, type TimerHandle, type Timers } from '@barnabas/base'
import type { BatchView } from '@barnabas/protocol'
import { DELETED_SUFFIX, SWAP_SUFFIX } from '../files/file-names.ts'
import type { AbortedTransaction } from '../index/transaction-index.ts'
import { emptyRun, readSegment } from './file-reader.ts'
import { FileSegment, SEGMENT_FILES, type SegmentContext } from './file-segment.ts'
import { FileSegmentDraft } from './file-segment-draft.ts'
import { scanSegment, walkSegment } from './segment-scan.ts'
import type {
  ReadRequest,
  ReadRun,
  Segment,
  SegmentDraft,
  SegmentStore,
  VisitBatch,
} from './segment-store.ts'
import { WriteQueue } from './write-queue.ts'

export interface FileStoreOptions {
  context: SegmentContext
  timers: Timers
  log: Logger
  /** Files of removed segments are unlinked so long after: readers may be slow, administrators sorry. */
  deleteDelayMs: number
  onFailure: (error: unknown) => void
}

export class FileSegmentStore implements SegmentStore {
  sizeBytes = 0
  endOffset = 0
  private list: readonly FileSegment[] = []
  private readonly options: FileStoreOptions
  private readonly context: SegmentContext
  private readonly queue: WriteQueue
  private readonly removals = new Map<string, TimerHandle>()
  /** Empty segments that left the list; their files go with the next flush. */
  private readonly leftovers: FileSegment[] = []

  /** `segments` in order, at least one, the last one loaded. */
  constructor(options: FileStoreOptions) {
    this.options = options
    this.context = options.context
    this.queue = new WriteQueue(options.context.handles, options.onFailure)
  }

  get segments(): readonly FileSegment[] {
    return this.list
  }

  get active(): FileSegment {
    return this.list.at(-1)!
  }

  /** @internal For the loader: what is there at start. */
  adopt(segments: readonly FileSegment[], endOffset: number): void {
    assert(segments.length > 0, 'a log without a segment')
    this.list = segments
    this.endOffset = endOffset
    this.countBytes()
  }

  append(bytes: Buffer, batches: readonly BatchView[]): Awaitable<void> {
    const { active } = this
    const position = active.accept(bytes, batches)
    this.sizeBytes += bytes.length
    this.endOffset = batches[batches.length - 1]!.nextOffset
    return this.queue.write(active, position, bytes)
  }

  appendAborted(transaction: AbortedTransaction): void {
    const { active } = this
    active.indexes!.transactions.append(transaction)
    active.hasStaleIndexFiles = true
  }

  roll(baseOffset: number, nowMs: number): void {
    const { active } = this
    assert(baseOffset >= this.endOffset, `rolled to ${baseOffset}, the end is ${this.endOffset}`)
    if (active.sizeBytes === 0 && active.baseOffset === baseOffset) return
    const fresh = FileSegment.empty(this.context, baseOffset, nowMs)
    active.indexes!.seal()
    const isEmpty = active.sizeBytes === 0
    if (isEmpty) this.leftovers.push(active)
    this.list = [...(isEmpty ? this.list.slice(0, -1) : this.list), fresh]
    this.endOffset = baseOffset
  }

  async flush(): Promise<void> {
    await this.queue.written()
    const { list } = this
    // A file that is made later is none of this flush's.
    const unnamed = list.filter((one) => one.hasUnsyncedName && one.writtenBytes > 0)
    try {
      for (const segment of this.leftovers.splice(0)) await this.markDeleted(segment)
      for (const segment of list) {
        await segment.syncData()
        // The active segment's indexes are rebuilt after a crash in any case.
        if (segment !== this.active) await segment.storeIndexes()
      }
      if (unnamed.length > 0) await this.context.files.syncDirectory(this.context.directory)
      for (const segment of unnamed) segment.hasUnsyncedName = false
    } catch (error) {
      this.options.onFailure(error)
      throw error
    }
  }

  recoveryPointOf(flushedOffset: number): number {
    // A roll may come exactly there, and then the scan would begin in the segment after this one.
    const segment = this.list[floorSegment(this.list, flushedOffset - 1)]!
    const isAtItsEnd = flushedOffset > segment.baseOffset && segment.hasStaleIndexFiles
    return isAtItsEnd ? flushedOffset - 1 : flushedOffset
  }

  async read(request: ReadRequest): Promise<ReadRun> {
    const { offset, maxOffset } = request
    let at = offset < maxOffset ? floorSegment(this.list, offset) : this.list.length
    for (let segment = this.list[at]; segment !== undefined; segment = this.list[at]) {
      const held = segment
      const run = await held.withLease(() => readSegment(held, request))
      if (run !== null) return run
      // Nothing behind the offset in this one. The list may have changed meanwhile.
      at = this.list.findIndex(({ baseOffset }) => baseOffset > held.baseOffset)
      if (at < 0) break
    }
    return emptyRun(offset)
  }

  async scan(segment: Segment, fromOffset: number, visit: VisitBatch): Promise<void> {
    const file = segment as FileSegment
    await file.withLease(async () => {
      const indexes = await file.load()
      await scanSegment(file, indexes.offsets.lookup(fromOffset), (batch, position) =>
        batch.lastOffset < fromOffset ? undefined : visit(batch, position),
      )
    })
  }

  async floorOffset(segment: Segment, timestamp: number): Promise<number> {
    // An entry's timestamp was reached by its offset, so look behind an entry that is below the time.
    return (await (segment as FileSegment).load()).times.lookup(timestamp - 1).offset
  }

  async truncateTo(offset: number, nowMs: number): Promise<void> {
    await this.queue.idle()
    const keep = Math.max(1, this.list.filter(({ baseOffset }) => baseOffset <= offset).length)
    const dropped = this.list.slice(keep)
    this.list = this.list.slice(0, keep)
    await this.dropFromEnd(dropped)
    await this.truncateActive(offset, nowMs)
    this.endOffset = offset
    this.countBytes()
    // What was cut off must not come back after a crash: other batches take its offsets.
    await this.active.syncData()
    await this.syncNames()
  }

  /** For recovery: the first `count` segments stay, and the log ends at `endOffset`. */
  async keepFirst(count: number, endOffset: number): Promise<void> {
    const dropped = this.list.slice(count)
    this.list = this.list.slice(0, count)
    this.endOffset = endOffset
    this.countBytes()
    await this.dropFromEnd(dropped)
  }

  async reset(offset: number, nowMs: number): Promise<void> {
    await this.queue.idle()
    const dropped = this.list
    this.list = []
    await this.dropFromEnd(dropped)
    this.list = [FileSegment.empty(this.context, offset, nowMs)]
    this.endOffset = offset
    this.countBytes()
    await this.createIfMissing(this.active)
    await this.syncNames()
  }

  async dropFirst(count: number): Promise<void> {
    assert(count < this.list.length, 'the active segment stays')
    const dropped = this.list.slice(0, count)
    this.list = this.list.slice(count)
    this.countBytes()
    await this.queue.written()
    for (const segment of dropped) await this.markDeleted(segment)
  }

  async createDraft(baseOffset: number): Promise<SegmentDraft> {
    return FileSegmentDraft.create(this.context, baseOffset)
  }

  /**
   * A crash at any point leaves the old segments or the new one:
   * 1. before all files of the draft are `.swap`, the start drops them (a `.cleaned` one is left);
   * 2. from then on the start completes what follows: the old ones go, the new one takes its name.
   */
  async replace(draft: SegmentDraft, replaced: readonly Segment[]): Promise<void> {
    const { files, directory } = this.context
    const first = this.list.indexOf(replaced[0] as FileSegment)
    assert(first >= 0 && draft.baseOffset === replaced[0]!.baseOffset, 'replaced is not listed')
    const fresh = await (draft as FileSegmentDraft).finish(
      await (replaced.at(-1) as FileSegment).modifiedMs(),
    )
    await fresh.moveTo(SWAP_SUFFIX)
    await files.syncDirectory(directory)
    const at = this.list.indexOf(replaced[0] as FileSegment)
    assert(at >= 0, 'the segments left the log while they were replaced')
    this.list = [...this.list.slice(0, at), fresh, ...this.list.slice(at + replaced.length)]
    this.countBytes()
    for (const segment of replaced) await this.markDeleted(segment as FileSegment)
    await fresh.moveTo('')
    await files.syncDirectory(directory)
  }

  async close(): Promise<void> {
    await this.queue.idle()
    this.active.indexes?.seal()
    for (const segment of this.list) {
      await this.createIfMissing(segment)
      // What lies below the recovery point is not scanned again, so its indexes must be durable.
      await segment.storeIndexes()
      await this.context.handles.discard(segment.logPath)
    }
    for (const [path, timer] of this.removals) {
      timer.cancel()
      await this.context.files.remove(path)
    }
    this.removals.clear()
  }

  async abandon(): Promise<void> {
    await this.queue.idle().catch(() => {})
    for (const segment of this.list) await this.context.handles.discard(segment.logPath)
    for (const timer of this.removals.values()) timer.cancel()
    this.removals.clear()
  }

  /** Creates the file of a segment to which nothing was written yet, so that the directory is whole. */
  async createIfMissing(segment: FileSegment): Promise<void> {
    if (segment.sizeBytes > 0) return
    this.context.handles.release(await segment.acquireForWriting())
  }

  private async truncateActive(offset: number, nowMs: number): Promise<void> {
    const { active } = this
    const indexes = await active.load()
    let cut: number | null = null
    await walkSegment(active, indexes.offsets.lookup(offset), (batch, position) => {
      if (batch.lastOffset < offset) return false
      cut = position
      return true
    })
    if (cut === null) return
    await active.cut(cut)
    indexes.truncateTo(offset)
    if (cut === 0) active.createdMs = nowMs
    // What lies behind the last entry of the time index may hold a larger timestamp than it knows.
    const from = indexes.offsets.lookup(indexes.times.last.offset)
    await walkSegment(active, from, (batch) => {
      indexes.noteTimestamp(batch)
    })
  }

  /** A crash in between must leave the beginning of the log, never a hole in it. */
  private async dropFromEnd(segments: readonly FileSegment[]): Promise<void> {
    for (const segment of [...segments].reverse()) {
      await this.markDeleted(segment)
      await this.syncNames()
    }
  }

  private syncNames(): Promise<void> {
    return this.context.files.syncDirectory(this.context.directory)
  }

  private async markDeleted(segment: FileSegment): Promise<void> {
    await segment.moveTo(DELETED_SUFFIX)
    this.removeLater(segment)
  }

  private removeLater(segment: FileSegment): void {
    for (const suffix of SEGMENT_FILES) {
      const path = segment.path(suffix)
      const remove = () => {
        this.removals.delete(path)
        this.context.files.remove(path).catch((error: unknown) => {
          this.options.log.warn('could not unlink a removed file; the next start will', {
            path,
            error,
          })
        })
      }
      this.removals.get(path)?.cancel()
      this.removals.set(path, this.options.timers.schedule(this.options.deleteDelayMs, remove))
    }
  }

  private countBytes(): void {
    let sum = 0
    for (const { sizeBytes } of this.list) sum += sizeBytes
    this.sizeBytes = sum
  }
}

/** Index of the segment that holds `offset`, the first one for offsets before all. */
export function floorSegment(list: readonly Segment[], offset: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (list[middle]!.baseOffset <= offset) low = middle + 1
    else high = middle
  }
  return Math.max(0, low - 1)
}
