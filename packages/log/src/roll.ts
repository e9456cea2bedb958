/** When the active segment is closed and a new one begun (ROL-01). Pure. */
import type { Entropy } from '@barnabas/base'
import type { BatchView } from '@barnabas/protocol'
import { effectiveSegmentMs, type LogConfig } from './log-config.ts'
import type { Segment } from './store/segment-store.ts'

const MAX_RELATIVE_OFFSET = 0x7fffffff

/** Whether `batches`, `sizeBytes` in all, need a new segment. Time is that of the records if they have it. */
export function mustRoll(
  active: Segment,
  config: LogConfig,
  jitterMs: number,
  sizeBytes: number,
  batches: readonly BatchView[],
  nowMs: number,
): boolean {
  const size = active.sizeBytes
  if (size > config.segmentBytes - sizeBytes || active.isFull) return true
  const { lastOffset } = batches[batches.length - 1]!
  if (lastOffset - active.baseOffset > MAX_RELATIVE_OFFSET) return true
  if (size === 0) return false
  const since = active.firstTimestamp
  let reached = nowMs
  if (since >= 0) {
    reached = -1
    for (const { maxTimestamp } of batches) if (maxTimestamp > reached) reached = maxTimestamp
  }
  return reached - (since >= 0 ? since : active.createdMs) > effectiveSegmentMs(config) - jitterMs
}

/** By how much a segment is rolled early, so that not all logs of a topic roll at once. */
export function drawJitter(config: LogConfig, entropy: Entropy): number {
  const range = Math.min(config.segmentJitterMs, effectiveSegmentMs(config))
  return range > 0 ? entropy.nextU32() % range : 0
}
