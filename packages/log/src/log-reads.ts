/**
 * Questions to a log that need a look into its batches: the record at a time, the largest timestamp, the
 * aborted transactions of a range.
 */
import type { Awaitable } from '@barnabas/base'
import { type BatchView, cursorOf } from '@barnabas/protocol'
import type { AbortedTransaction } from './index/transaction-index.ts'
import type { LogRead } from './log-types.ts'
import { floorSegment } from './store/file-segment-store.ts'
import type { Segment, SegmentStore } from './store/segment-store.ts'

export interface RecordPlace {
  offset: number
  timestamp: number
  /** Of the batch that holds it. */
  leaderEpoch: number
}

/** The first record at or behind `startOffset` whose timestamp is `timestamp` or later. */
export async function findByTimestamp(
  store: SegmentStore,
  timestamp: number,
  startOffset: number,
): Promise<RecordPlace | null> {
  for (const segment of store.segments) {
    if ((await segment.maxTimestamp()).timestamp < timestamp) continue
    const from = Math.max(startOffset, await store.floorOffset(segment, timestamp))
    let found: RecordPlace | null = null
    await store.scan(segment, from, (batch) => {
      if (batch.maxTimestamp < timestamp) return false
      found = firstRecord(batch, (offset, at) => at >= timestamp && offset >= startOffset)
      return found !== null
    })
    if (found !== null) return found
  }
  return null
}

/** The first record that has the largest timestamp of the log; null for a log without records. */
export async function findMaxTimestamp(store: SegmentStore): Promise<RecordPlace | null> {
  let best: { segment: Segment; timestamp: number; offset: number } | null = null
  for (const segment of store.segments) {
    const { timestamp, offset } = await segment.maxTimestamp()
    if (timestamp >= 0 && (best === null || timestamp > best.timestamp)) {
      best = { segment, timestamp, offset }
    }
  }
  if (best === null) return null
  const { timestamp } = best
  let found: RecordPlace | null = null
  await store.scan(best.segment, best.offset, (batch) => {
    found = firstRecord(batch, (_offset, at) => at === timestamp)
    return true
  })
  return found
}

function firstRecord(
  batch: BatchView,
  isWanted: (offset: number, timestamp: number) => boolean,
): RecordPlace | null {
  const leaderEpoch = batch.partitionLeaderEpoch
  // With log append time all records of a batch have the time of the append.
  const appendTime = batch.isLogAppendTime ? batch.maxTimestamp : null
  const cursor = cursorOf(batch)
  while (cursor.next()) {
    const offset = batch.baseOffset + cursor.offsetDelta
    const timestamp = appendTime ?? batch.baseTimestamp + cursor.timestampDelta
    if (isWanted(offset, timestamp)) return { offset, timestamp, leaderEpoch }
  }
  return null
}

/** The aborted transactions that overlap [from, to), for a reader of committed records. */
export function abortedBetween(
  store: SegmentStore,
  from: number,
  to: number,
): Awaitable<readonly AbortedTransaction[]> {
  const found: AbortedTransaction[] = []
  const list = store.segments
  for (let n = floorSegment(list, from); n < list.length; n++) {
    const transactions = list[n]!.abortedTransactions()
    if (transactions instanceof Promise) return collectLater(list, n, from, to, found)
    if (collect(transactions, from, to, found)) break
  }
  return found
}

/** Fills in the aborted transactions of what was read. */
export function withAborted(store: SegmentStore, result: LogRead): Awaitable<LogRead> {
  const { sizeBytes, startOffset, endOffset } = result
  const aborted = sizeBytes === 0 ? [] : abortedBetween(store, startOffset, endOffset)
  if (aborted instanceof Promise) return aborted.then((list) => ({ ...result, aborted: list }))
  result.aborted = aborted
  return result
}

async function collectLater(
  list: readonly Segment[],
  first: number,
  from: number,
  to: number,
  found: AbortedTransaction[],
): Promise<readonly AbortedTransaction[]> {
  for (let n = first; n < list.length; n++) {
    if (collect(await list[n]!.abortedTransactions(), from, to, found)) break
  }
  return found
}

/** True when no later segment can have more. */
function collect(
  transactions: readonly AbortedTransaction[],
  from: number,
  to: number,
  into: AbortedTransaction[],
): boolean {
  for (const transaction of transactions) {
    if (transaction.lastOffset >= from && transaction.firstOffset < to) into.push(transaction)
    if (transaction.lastStableOffset >= to) return true
  }
  return false
}
