/**
 * Which of a log's oldest segments may go (RET-01 to RET-06): by age, by the log's size, and those
 * before the log start. The oldest is looked at first and the first that stays ends the search, so one
 * record from the future keeps everything behind it.
 */
import type { LogConfig } from './log-config.ts'
import type { Segment } from './store/segment-store.ts'

export interface RetentionContext {
  config: LogConfig
  nowMs: number
  logStartOffset: number
  highWatermark: number
  nextOffset: number
}

export interface Deletable {
  /** Of the oldest segments; all of them when even the active one may go. */
  count: number
  reason: 'time' | 'size' | 'log start' | null
}

export async function deletableSegments(
  segments: readonly Segment[],
  context: RetentionContext,
): Promise<Deletable> {
  const { config } = context
  let best: Deletable = { count: 0, reason: null }
  const consider = (count: number, reason: Deletable['reason']) => {
    if (count > best.count) best = { count, reason }
  }
  if (config.cleanup.delete) {
    consider(await countByTime(segments, context), 'time')
    consider(countBySize(segments, context), 'size')
  }
  consider(countByLogStart(segments, context), 'log start')
  return best
}

/** Nothing at or above the high watermark goes, and an empty active segment stays. */
function mayGo(segments: readonly Segment[], n: number, context: RetentionContext): boolean {
  const isLast = n === segments.length - 1
  const upperBound = isLast ? context.nextOffset : segments[n + 1]!.baseOffset
  return context.highWatermark >= upperBound && !(isLast && segments[n]!.sizeBytes === 0)
}

async function countByTime(
  segments: readonly Segment[],
  context: RetentionContext,
): Promise<number> {
  const { retentionMs } = context.config
  if (retentionMs < 0) return 0
  let n = 0
  for (; n < segments.length && mayGo(segments, n, context); n++) {
    const segment = segments[n]!
    const { timestamp } = await segment.maxTimestamp()
    const youngestMs = timestamp >= 0 ? timestamp : await segment.modifiedMs()
    if (context.nowMs - youngestMs <= retentionMs) break
  }
  return n
}

function countBySize(segments: readonly Segment[], context: RetentionContext): number {
  const { retentionBytes } = context.config
  if (retentionBytes < 0) return 0
  let excess = -retentionBytes
  for (const { sizeBytes } of segments) excess += sizeBytes
  let n = 0
  for (; n < segments.length && mayGo(segments, n, context); n++) {
    excess -= segments[n]!.sizeBytes
    if (excess < 0) break
  }
  return n
}

function countByLogStart(segments: readonly Segment[], context: RetentionContext): number {
  let n = 0
  while (n < segments.length - 1 && mayGo(segments, n, context)) {
    if (segments[n + 1]!.baseOffset > context.logStartOffset) break
    n++
  }
  return n
}
