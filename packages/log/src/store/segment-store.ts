/**
 * Where the batches of one log are kept: a list of segments, each a run of batches from its base offset
 * on. The log above decides (when to roll, what to delete, where to cut); a store does it. There is one
 * over files, in Kafka's format, and one in memory; both pass the same suite.
 *
 * Appends and reads may go on at the same time. `truncateTo`, `reset` and `close` need the log to
 * be still: no append under way.
 */
import type { Awaitable } from '@barnabas/base'
import type { BatchView } from '@barnabas/protocol'
import type { TimestampOffset } from '../index/time-index.ts'
import type { AbortedTransaction } from '../index/transaction-index.ts'

export interface Segment {
  readonly baseOffset: number
  readonly sizeBytes: number
  /** When it was begun, or was emptied by truncation. */
  readonly createdMs: number
  /** Largest timestamp of its first batch, -1 while unknown or empty. Always known for the active one. */
  readonly firstTimestamp: number
  /** An index of it has no room left. Only the active one is ever asked. */
  readonly isFull: boolean
  /** The largest timestamp in it, with the last offset of the batch that has it; -1 when it has none. */
  maxTimestamp(): Awaitable<TimestampOffset>
  /** When it was last written to, by its file. Kept when compaction replaces it. */
  modifiedMs(): Awaitable<number>
  readFirstTimestamp(): Awaitable<number>
  /** Size of the larger of its indexes if all batches were in one segment; for grouping. */
  indexSizeBytes(): Awaitable<number>
  abortedTransactions(): Awaitable<readonly AbortedTransaction[]>
}

/** Looks at a batch; true ends the walk. The view is valid during the call only. */
export type VisitBatch = (batch: BatchView, position: number) => boolean | void

export interface ReadRequest {
  offset: number
  /** Batches from here on are not returned. */
  maxOffset: number
  maxBytes: number
  /** Returns the first batch even when it is larger than `maxBytes`. */
  minOneBatch: boolean
}

export interface ReadRun {
  /** Whole batches, in order; the first may begin before the offset asked for. Views, not copies. */
  parts: readonly Buffer[]
  sizeBytes: number
  /** Base offset of the first batch; the offset asked for when there is none. */
  startOffset: number
  /** One behind the last batch; likewise. */
  endOffset: number
}

/** A segment being written by compaction, invisible until `replace`. */
export interface SegmentDraft {
  readonly baseOffset: number
  readonly sizeBytes: number
  /** The bytes are copied or written before it resolves. */
  append(bytes: Buffer, batches: readonly BatchView[]): Awaitable<void>
  appendAborted(transaction: AbortedTransaction): void
  discard(): Promise<void>
}

export interface SegmentStore {
  /** Oldest first, at least one; the last is the active one. */
  readonly segments: readonly Segment[]
  readonly active: Segment
  readonly sizeBytes: number
  /** One behind the last batch accepted, written or not. */
  readonly endOffset: number

  /**
   * Accepts the batches that stand one behind another in `bytes`. Without a promise they are written; with
   * one they will be, and go out together with what is accepted until then. The bytes must stay
   * unchanged until then.
   */
  append(bytes: Buffer, batches: readonly BatchView[]): Awaitable<void>
  /** Notes an aborted transaction whose marker was the last thing appended. */
  appendAborted(transaction: AbortedTransaction): void
  /** What is appended from now on goes to a new segment. An empty active one is replaced. */
  roll(baseOffset: number, nowMs: number): void
  /** Resolves when all that was accepted before the call survives a crash. */
  flush(): Promise<void>

  /**
   * Where a scan after a crash must begin at the latest when all before `flushedOffset` is durable: within
   * the last segment whose indexes are not.
   */
  recoveryPointOf(flushedOffset: number): number

  read(request: ReadRequest): Awaitable<ReadRun>
  /** Walks over the batches of one segment, from the first that ends at `fromOffset` or later. */
  scan(segment: Segment, fromOffset: number, visit: VisitBatch): Promise<void>
  /** The last offset known to lie at or before the first batch of the segment that reaches the time. */
  floorOffset(segment: Segment, timestamp: number): Awaitable<number>

  /** Removes batches that end at `offset` or later; the store then ends at `offset`. */
  truncateTo(offset: number, nowMs: number): Promise<void>
  /** Removes everything and begins again at `offset`. */
  reset(offset: number, nowMs: number): Promise<void>
  /** Removes the first `count` segments; the active one cannot be among them. */
  dropFirst(count: number): Promise<void>
  createDraft(baseOffset: number): Promise<SegmentDraft>
  /** Puts the draft in the place of neighbouring segments, the first of which has the same base offset. */
  replace(draft: SegmentDraft, replaced: readonly Segment[]): Promise<void>
  /** Stores what is only in memory (indexes) and lets go of all files. */
  close(): Promise<void>
  /** Lets go of all files without storing anything. Does not fail. */
  abandon(): Promise<void>
}
