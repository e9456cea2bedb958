/**
 * Which part of a log may be compacted, and how much it is worth (CMP-01, CMP-02). Everything before the
 * first dirty offset was compacted in earlier rounds; the part that may be compacted now ends before
 *
 *   the active segment,
 *   the segment of the last stable offset: behind it nothing is decided yet,
 *   the first segment with a record younger than min.compaction.lag.ms.
 */
import type { CompactableLog } from './compactable-log.ts'

export interface CleanableRange {
  firstDirtyOffset: number
  /** Base offset of a segment, never before the first dirty offset's. */
  firstUncleanableOffset: number
  /** The checkpoint is outside of the log, which therefore counts as dirty from its start. */
  isCheckpointInvalid: boolean
  cleanBytes: number
  cleanableBytes: number
  /** Share of what could be compacted that was not yet, of 1. */
  dirtyRatio: number
  /** By how long the oldest dirty record has waited longer than max.compaction.lag.ms, 0 for not. */
  overdueMs: number
}

export async function cleanableRange(
  log: CompactableLog,
  checkpoint: number | null,
  nowMs: number,
): Promise<CleanableRange> {
  const { segments, logStartOffset, config } = log
  const isCheckpointInvalid =
    checkpoint !== null && (checkpoint < logStartOffset || checkpoint > log.logEndOffset)
  const firstDirtyOffset = isCheckpointInvalid ? logStartOffset : (checkpoint ?? logStartOffset)
  const activeAt = segments.length - 1
  // The first segment with something dirty: the next one begins behind the first dirty offset.
  let dirtyAt = 0
  while (dirtyAt < activeAt && segments[dirtyAt + 1]!.baseOffset <= firstDirtyOffset) dirtyAt++
  let endAt = dirtyAt
  const { lastStableOffset } = log
  while (endAt < activeAt && segments[endAt + 1]!.baseOffset <= lastStableOffset) {
    if (config.minCompactionLagMs > 0) {
      const { timestamp } = await segments[endAt]!.maxTimestamp()
      if (timestamp > nowMs - config.minCompactionLagMs) break
    }
    endAt++
  }
  let cleanBytes = 0
  let cleanableBytes = 0
  for (const [n, { sizeBytes, baseOffset }] of segments.entries()) {
    if (baseOffset < firstDirtyOffset) cleanBytes += sizeBytes
    if (n >= dirtyAt && n < endAt) cleanableBytes += sizeBytes
  }
  const totalBytes = cleanBytes + cleanableBytes
  return {
    firstDirtyOffset,
    firstUncleanableOffset: Math.max(firstDirtyOffset, segments[endAt]!.baseOffset),
    isCheckpointInvalid,
    cleanBytes,
    cleanableBytes,
    dirtyRatio: totalBytes === 0 ? 0 : cleanableBytes / totalBytes,
    overdueMs: await overdue(log, dirtyAt, nowMs),
  }
}

/** By the first timestamps of the dirty segments, the active one left out. */
async function overdue(log: CompactableLog, dirtyAt: number, nowMs: number): Promise<number> {
  const { segments, config } = log
  const allowedMs = nowMs - Math.max(0, config.maxCompactionLagMs)
  // Nothing is as old as that.
  if (allowedMs <= 0) return 0
  let earliest = Number.POSITIVE_INFINITY
  for (const segment of segments.slice(dirtyAt, -1)) {
    const timestamp = await segment.readFirstTimestamp()
    if (timestamp > 0 && timestamp < earliest) earliest = timestamp
  }
  return Math.max(0, allowedMs - earliest)
}
