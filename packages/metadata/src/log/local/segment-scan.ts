/**
 * Reads a segment file batch by batch, in pieces, so that its size does not matter. Stops at the first
 * bytes that are no whole batch; in the last segment that is where a crash cut a write short.
 */
import type { FileHandle } from '@barnabas/base'
import { BATCH_HEADER_BYTES, BatchView } from '@barnabas/protocol'
import { SCAN_PIECE_BYTES } from './limits.ts'

/** Offset and length field, before what the length counts. */
const OVERHEAD_BYTES = 12

export interface ScannedBatch {
  readonly batch: BatchView
  /** In the file. */
  readonly position: number
}

/** Yields whole batches; returns the position behind the last of them. */
export async function* scanSegment(
  file: FileHandle,
  sizeBytes: number,
): AsyncGenerator<ScannedBatch, number, void> {
  let position = 0
  let pieceBytes = SCAN_PIECE_BYTES
  while (position < sizeBytes) {
    const piece = await readPiece(file, position, Math.min(pieceBytes, sizeBytes - position))
    let at = 0
    for (;;) {
      const batchBytes = wholeBatchBytes(piece, at)
      if (batchBytes === null) return position + at
      if (at + batchBytes > piece.length) {
        // More than a piece, or just cut by its end: read on from here, large enough.
        if (position + at + batchBytes > sizeBytes) return position + at
        pieceBytes = Math.max(SCAN_PIECE_BYTES, batchBytes)
        break
      }
      const batch = new BatchView(piece, at)
      if (!batch.hasValidCrc()) return position + at
      yield { batch, position: position + at }
      at += batchBytes
      if (at === piece.length) break
    }
    position += at
  }
  return position
}

/** The size that a batch claims; null when what stands there cannot be one. */
function wholeBatchBytes(piece: Buffer, at: number): number | null {
  const left = piece.length - at
  if (left < BATCH_HEADER_BYTES)
    return left < OVERHEAD_BYTES ? BATCH_HEADER_BYTES : claimed(piece, at)
  const batch = new BatchView(piece, at)
  return batch.magic === 2 ? claimed(piece, at) : null
}

function claimed(piece: Buffer, at: number): number | null {
  const sizeBytes = OVERHEAD_BYTES + piece.readInt32BE(at + 8)
  return sizeBytes >= BATCH_HEADER_BYTES ? sizeBytes : null
}

async function readPiece(file: FileHandle, position: number, sizeBytes: number): Promise<Buffer> {
  const piece = Buffer.allocUnsafeSlow(sizeBytes)
  let filled = 0
  while (filled < sizeBytes) {
    const read = await file.read(piece.subarray(filled), position + filled)
    if (read === 0) break
    filled += read
  }
  return piece.subarray(0, filled)
}
