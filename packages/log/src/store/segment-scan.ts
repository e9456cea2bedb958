/**
 * A walk over all batches of a segment's file, read in pieces. For recovery, compaction and look-ups by
 * time; consumers are served by the reader, in their own sizes.
 */
import { BATCH_HEADER_BYTES, BatchView, LOG_OVERHEAD_BYTES } from '@barnabas/protocol'
import { CorruptFileError } from '../errors.ts'
import { SCAN_CHUNK_BYTES } from '../limits.ts'
import { batchSizeAt } from './batch-walk.ts'
import type { VisitBatch } from './segment-store.ts'

/** What a walk needs of a segment. */
export interface WalkedSegment {
  readonly logPath: string
  readonly writtenBytes: number
  /** May give fewer bytes than the buffer holds at the end of the file. */
  readInto(buffer: Buffer, position: number): Promise<Buffer>
}

/** Why and where a walk ended. */
export interface ScanEnd {
  /** One behind the last whole batch. */
  position: number
  reason: 'end' | 'stopped' | 'cut' | 'malformed'
}

/** Walks from a position at which a batch begins. Does not look at checksums. */
export async function walkSegment(
  segment: WalkedSegment,
  from: number,
  visit: VisitBatch,
): Promise<ScanEnd> {
  const end = segment.writtenBytes
  let chunk: Buffer = Buffer.allocUnsafeSlow(Math.min(SCAN_CHUNK_BYTES, Math.max(1, end - from)))
  let position = from
  while (position < end) {
    const piece = await segment.readInto(
      chunk.length > end - position ? chunk.subarray(0, end - position) : chunk,
      position,
    )
    let at = 0
    let needed = LOG_OVERHEAD_BYTES
    while (at + LOG_OVERHEAD_BYTES <= piece.length) {
      const size = batchSizeAt(piece, at)
      if (size < BATCH_HEADER_BYTES) return { position: position + at, reason: 'malformed' }
      needed = size
      if (at + size > piece.length) break
      if (visit(new BatchView(piece, at), position + at) === true) {
        return { position: position + at + size, reason: 'stopped' }
      }
      at += size
      needed = LOG_OVERHEAD_BYTES
    }
    position += at
    if (position + needed > end) break
    // A batch larger than the chunk: it gets one of its own.
    if (at === 0) chunk = Buffer.allocUnsafeSlow(Math.max(needed, SCAN_CHUNK_BYTES))
  }
  return { position, reason: position === end ? 'end' : 'cut' }
}

/** The same for a segment that is known to be sound. */
export async function scanSegment(
  segment: WalkedSegment,
  from: number,
  visit: VisitBatch,
): Promise<void> {
  const { position, reason } = await walkSegment(segment, from, visit)
  if (reason === 'cut' || reason === 'malformed') {
    throw new CorruptFileError(segment.logPath, `no batch at position ${position}`)
  }
}
