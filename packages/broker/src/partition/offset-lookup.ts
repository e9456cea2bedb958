/** Which offset stands for a time, or for one of the special times of ListOffsets. */
import { ApiError } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import type { ReadIsolation } from '../fetch/readable-partition.ts'
import type { Partition } from './partition.ts'

/** Times that are questions. */
export const SpecialTimestamp = {
  LATEST: -1,
  EARLIEST: -2,
  MAX_TIMESTAMP: -3,
  EARLIEST_LOCAL: -4,
  LATEST_TIERED: -5,
  EARLIEST_PENDING_UPLOAD: -6,
} as const

/** From which version of ListOffsets on each may be asked. */
const SINCE: ReadonlyMap<number, number> = new Map([
  [SpecialTimestamp.LATEST, 1],
  [SpecialTimestamp.EARLIEST, 1],
  [SpecialTimestamp.MAX_TIMESTAMP, 7],
  [SpecialTimestamp.EARLIEST_LOCAL, 8],
  [SpecialTimestamp.LATEST_TIERED, 9],
  [SpecialTimestamp.EARLIEST_PENDING_UPLOAD, 11],
])

export interface FoundOffset {
  offset: number
  /** -1 for the answers to special times that are no record's own. */
  timestamp: number
  leaderEpoch: number
}

export const NOTHING_FOUND: FoundOffset = { offset: -1, timestamp: -1, leaderEpoch: -1 }

export function isTimestampSupported(timestamp: number, version: number): boolean {
  if (timestamp >= 0) return true
  const since = SINCE.get(timestamp)
  return since !== undefined && version >= since
}

/** Throws `ApiError` and what the log throws. */
export async function lookUpOffset(
  partition: Partition,
  timestamp: number,
  isolation: ReadIsolation,
): Promise<FoundOffset> {
  const { log } = partition
  switch (timestamp) {
    case SpecialTimestamp.LATEST:
      checkHighWatermark(partition, isolation)
      return {
        offset: partition.readableEnd(isolation),
        timestamp: -1,
        leaderEpoch: partition.leaderEpoch,
      }
    case SpecialTimestamp.EARLIEST:
    case SpecialTimestamp.EARLIEST_LOCAL: {
      const offset = log.logStartOffset
      return { offset, timestamp: -1, leaderEpoch: log.epochForOffset(offset) }
    }
    case SpecialTimestamp.LATEST_TIERED:
    case SpecialTimestamp.EARLIEST_PENDING_UPLOAD:
      // Nothing is kept anywhere but here.
      return NOTHING_FOUND
    case SpecialTimestamp.MAX_TIMESTAMP: {
      const found = await log.offsetOfMaxTimestamp()
      return within(partition, isolation, found)
    }
    default: {
      const found = await log.offsetForTimestamp(timestamp, 'logEnd')
      return within(partition, isolation, found)
    }
  }
}

function within(
  partition: Partition,
  isolation: ReadIsolation,
  found: FoundOffset | null,
): FoundOffset {
  if (found === null || found.offset < partition.log.logStartOffset) return NOTHING_FOUND
  if (found.offset < partition.readableEnd(isolation)) return found
  // It might be readable, if only the high watermark were known.
  checkHighWatermark(partition, isolation)
  return NOTHING_FOUND
}

function checkHighWatermark(partition: Partition, isolation: ReadIsolation): void {
  if (isolation === 'log-end' || !partition.isHighWatermarkBehind) return
  throw new ApiError(
    ErrorCode.OFFSET_NOT_AVAILABLE,
    `${partition.log.name} has a new leader that does not know yet what is committed`,
  )
}
