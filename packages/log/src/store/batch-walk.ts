/**
 * Stepping from batch to batch in bytes that may be cut anywhere, by the few fields this needs. Offset,
 * length and magic stand at the same place in every format a log may hold.
 */
import {
  BATCH_HEADER_BYTES,
  BATCH_LENGTH_AT,
  LAST_OFFSET_DELTA_AT,
  LOG_OVERHEAD_BYTES,
  MAGIC_AT,
  MAGIC_V2,
} from '@barnabas/protocol'
import { getInt64 } from '../bytes.ts'

/** Enough of a batch to know its size and offsets. */
export const STEP_BYTES = LAST_OFFSET_DELTA_AT + 4

/** Size of the smallest thing that can be a batch: a message of magic 0 without key and value. */
const SMALLEST_BYTES = LOG_OVERHEAD_BYTES + 14

/** Whole size of the batch at `at`, of which `LOG_OVERHEAD_BYTES` must be there; 0 when it cannot be. */
export function batchSizeAt(buffer: Buffer, at: number): number {
  const size = LOG_OVERHEAD_BYTES + buffer.readInt32BE(at + BATCH_LENGTH_AT)
  return size < SMALLEST_BYTES ? 0 : size
}

export function magicAt(buffer: Buffer, at: number): number {
  return buffer.readInt8(at + MAGIC_AT)
}

/** Of the batch at `at`, of which `STEP_BYTES` must be there. Old messages name their last offset. */
export function lastOffsetAt(buffer: Buffer, at: number): number {
  const offset = getInt64(buffer, at)
  return magicAt(buffer, at) < MAGIC_V2
    ? offset
    : offset + buffer.readInt32BE(at + LAST_OFFSET_DELTA_AT)
}

export interface RunLimits {
  maxOffset: number
  maxBytes: number
  minOneBatch: boolean
}

/** Where the run of whole batches from `from` on ends, within the limits; `from` when there is none. */
export function endOfRun(buffer: Buffer, from: number, limits: RunLimits): number {
  let to = from
  while (to + BATCH_HEADER_BYTES <= buffer.length) {
    const size = batchSizeAt(buffer, to)
    if (size === 0 || to + size > buffer.length) break
    if (lastOffsetAt(buffer, to) >= limits.maxOffset) break
    if (to - from + size > limits.maxBytes && !(to === from && limits.minOneBatch)) break
    to += size
  }
  return to
}
