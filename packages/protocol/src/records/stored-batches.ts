/**
 * What a log segment of any age holds: record batches, and before them messages of magic 0 and 1. Where
 * only batches can stand, `readBatches` is the narrower reader.
 */
import { BatchView, type RunEnd } from './batch-view.ts'
import { BATCH_HEADER_BYTES, MAGIC_AT, MAGIC_V2 } from './layout.ts'
import { decodeLegacyRecords, LegacyMessage, legacyMessageAt } from './legacy-message.ts'
import { MalformedRecordError } from './record-cursor.ts'
import { type DecodedRecord, decodeRecords } from './record-decode.ts'

export type StoredBatch = BatchView | LegacyMessage

/** The whole entries in order. One cut off at the end is left out; what cannot be ends the run. */
export function readStoredBatches(buffer: Buffer): {
  batches: StoredBatch[]
  end: RunEnd
  sizeBytes: number
} {
  const batches: StoredBatch[] = []
  let position = 0
  while (position < buffer.length) {
    const left = buffer.length - position
    if (left <= MAGIC_AT) return { batches, end: 'cut', sizeBytes: position }
    const entry = entryAt(buffer, position)
    if (entry === 'cut' || entry === 'malformed')
      return { batches, end: entry, sizeBytes: position }
    batches.push(entry)
    position += entry.sizeBytes
  }
  return { batches, end: 'complete', sizeBytes: position }
}

function entryAt(buffer: Buffer, position: number): StoredBatch | 'cut' | 'malformed' {
  const magic = buffer.readInt8(position + MAGIC_AT)
  if (magic === MAGIC_V2) {
    const batch = new BatchView(buffer, position)
    if (batch.sizeBytes < BATCH_HEADER_BYTES) return 'malformed'
    return position + batch.sizeBytes > buffer.length ? 'cut' : batch
  }
  try {
    return legacyMessageAt(buffer, position, buffer.length) ?? 'cut'
  } catch (error) {
    if (error instanceof MalformedRecordError) return 'malformed'
    throw error
  }
}

/** The records of an entry of either kind. */
export function decodeStoredRecords(entry: StoredBatch, maxBytes?: number): DecodedRecord[] {
  if (entry instanceof LegacyMessage) return decodeLegacyRecords(entry, maxBytes)
  return decodeRecords(entry, maxBytes === undefined ? {} : { maxBytes })
}
