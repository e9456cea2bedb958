/** A segment that compaction writes: files that end in `.cleaned` until the swap. */
import type { BatchView } from '@barnabas/protocol'
import { CLEANED_SUFFIX } from '../files/file-names.ts'
import type { AbortedTransaction } from '../index/transaction-index.ts'
import { FileSegment, SEGMENT_FILES, type SegmentContext } from './file-segment.ts'
import type { SegmentDraft } from './segment-store.ts'

export class FileSegmentDraft implements SegmentDraft {
  private readonly context: SegmentContext
  private readonly segment: FileSegment

  private constructor(context: SegmentContext, segment: FileSegment) {
    this.context = context
    this.segment = segment
  }

  static async create(context: SegmentContext, baseOffset: number): Promise<FileSegmentDraft> {
    const segment = FileSegment.empty(context, baseOffset, 0, CLEANED_SUFFIX)
    // What an earlier attempt left.
    for (const suffix of SEGMENT_FILES) await context.files.remove(segment.path(suffix))
    context.handles.release(await segment.acquireForWriting())
    return new FileSegmentDraft(context, segment)
  }

  get baseOffset(): number {
    return this.segment.baseOffset
  }

  get sizeBytes(): number {
    return this.segment.sizeBytes
  }

  async append(bytes: Buffer, batches: readonly BatchView[]): Promise<void> {
    const { segment } = this
    const position = segment.accept(bytes, batches)
    const file = await segment.acquireForWriting()
    try {
      await file.handle!.writev([bytes], position)
    } finally {
      this.context.handles.release(file)
    }
    segment.writtenBytes = segment.sizeBytes
    segment.hasUnsyncedData = true
  }

  appendAborted(transaction: AbortedTransaction): void {
    this.segment.indexes!.transactions.append(transaction)
  }

  /** Everything durable under the `.cleaned` names; the log file keeps the age of what it replaces. */
  async finish(modifiedMs: number): Promise<FileSegment> {
    const { segment } = this
    segment.indexes!.seal()
    segment.hasUnsyncedData = true
    await segment.syncData()
    await segment.storeIndexes()
    await this.context.files.setModified(segment.logPath, modifiedMs)
    return segment
  }

  async discard(): Promise<void> {
    await this.context.handles.discard(this.segment.logPath)
    for (const suffix of SEGMENT_FILES) await this.context.files.remove(this.segment.path(suffix))
  }
}
