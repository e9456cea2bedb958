/**
 * Serves a consumer from a segment's file: one read that covers the way from the index entry to the first
 * batch wanted and, most often, all that is returned.
 */
import { BATCH_HEADER_BYTES, LOG_OVERHEAD_BYTES } from '@barnabas/protocol'
import { getInt64 } from '../bytes.ts'
import { CorruptFileError } from '../errors.ts'
import { READ_SLACK_BYTES } from '../limits.ts'
import { batchSizeAt, endOfRun, lastOffsetAt } from './batch-walk.ts'
import type { FileSegment } from './file-segment.ts'
import type { ReadRequest, ReadRun } from './segment-store.ts'

export function emptyRun(offset: number): ReadRun {
  return { parts: [], sizeBytes: 0, startOffset: offset, endOffset: offset }
}

/** Null when the segment has no batch at or behind the offset. */
export async function readSegment(
  segment: FileSegment,
  request: ReadRequest,
): Promise<ReadRun | null> {
  const indexes = await segment.load()
  const end = segment.writtenBytes
  let position = indexes.offsets.lookup(request.offset)
  let length = READ_SLACK_BYTES + request.maxBytes
  for (;;) {
    if (position + BATCH_HEADER_BYTES > end) return null
    const buffer = await segment.readAt(position, Math.min(length, end - position))
    const at = findBatch(segment, buffer, position, request.offset)
    if (at + BATCH_HEADER_BYTES <= buffer.length) {
      return collect(segment, buffer, position, at, request)
    }
    position += at
    length = Math.max(BATCH_HEADER_BYTES, request.maxBytes)
  }
}

/**
 * Where the first batch that ends at `offset` or later begins in the buffer; where to go on reading, at
 * or behind the buffer's end, when it does not begin in it.
 */
function findBatch(segment: FileSegment, buffer: Buffer, position: number, offset: number): number {
  let at = 0
  while (at + BATCH_HEADER_BYTES <= buffer.length) {
    if (lastOffsetAt(buffer, at) >= offset) return at
    const size = batchSizeAt(buffer, at)
    if (size === 0) throw new CorruptFileError(segment.logPath, `no batch at ${position + at}`)
    at += size
  }
  return at
}

async function collect(
  segment: FileSegment,
  buffer: Buffer,
  position: number,
  at: number,
  request: ReadRequest,
): Promise<ReadRun> {
  const { offset, maxBytes, minOneBatch } = request
  if (lastOffsetAt(buffer, at) >= request.maxOffset) return emptyRun(offset)
  const size = batchSizeAt(buffer, at)
  if (size < LOG_OVERHEAD_BYTES) {
    throw new CorruptFileError(segment.logPath, `no batch at ${position + at}`)
  }
  if (size > maxBytes && !minOneBatch) return emptyRun(offset)
  let from = at
  let bytes = buffer
  if (at + size > buffer.length) {
    // The way to the batch was long, or it is larger than asked for: read again from its start.
    const end = segment.writtenBytes
    const start = position + at
    if (start + size > end) throw new CorruptFileError(segment.logPath, `cut batch at ${start}`)
    bytes = await segment.readAt(start, Math.max(size, Math.min(maxBytes, end - start)))
    from = 0
  }
  const to = endOfRun(bytes, from, request)
  if (to === from) return emptyRun(offset)
  return {
    parts: [bytes.subarray(from, to)],
    sizeBytes: to - from,
    startOffset: getInt64(bytes, from),
    endOffset: lastOffsetIn(bytes, from, to) + 1,
  }
}

/** Of the run of whole batches in [from, to). */
export function lastOffsetIn(bytes: Buffer, from: number, to: number): number {
  let at = from
  for (;;) {
    const next = at + batchSizeAt(bytes, at)
    if (next >= to) return lastOffsetAt(bytes, at)
    at = next
  }
}
