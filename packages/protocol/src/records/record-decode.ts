/** Records as plain objects, for clients and tools. Keys and values are views of the decompressed bytes. */
import { codecByCode, MAX_DECOMPRESSED_BATCH_BYTES } from '../compression/index.ts'
import type { BatchView } from './batch-view.ts'
import { clampInt64 } from './batch-view.ts'
import { type RecordHeader, RecordCursor } from './record-cursor.ts'

export interface DecodedRecord {
  offset: number
  timestamp: number
  key: Buffer | null
  value: Buffer | null
  headers: RecordHeader[]
}

/** The records of the batch before compression. A view of the batch when it is not compressed. */
export function openRecords(
  batch: BatchView,
  maxBytes: number = MAX_DECOMPRESSED_BATCH_BYTES,
): Buffer {
  const code = batch.compressionCode
  const bytes = batch.recordBytes
  return code === 0 || bytes.length === 0 ? bytes : codecByCode(code).decompress(bytes, maxBytes)
}

/** A cursor over the records of a batch, decompressed if need be. */
export function cursorOf(batch: BatchView, maxBytes?: number): RecordCursor {
  return new RecordCursor(openRecords(batch, maxBytes), batch.recordCount)
}

/**
 * The records at `fromOffset` and later. A fetched batch may begin before the offset asked for; a batch
 * of log append time gives each record the batch's timestamp.
 */
export function decodeRecords(
  batch: BatchView,
  options: { fromOffset?: number; maxBytes?: number } = {},
): DecodedRecord[] {
  const fromOffset = options.fromOffset ?? Number.NEGATIVE_INFINITY
  if (batch.lastOffset < fromOffset) return []
  const records: DecodedRecord[] = []
  const { baseOffset, baseTimestamp } = batch
  const logAppendTime = batch.isLogAppendTime ? batch.maxTimestamp : null
  const cursor = cursorOf(batch, options.maxBytes)
  while (cursor.next()) {
    const offset = baseOffset + cursor.offsetDelta
    if (offset < fromOffset) continue
    records.push({
      offset,
      timestamp: logAppendTime ?? clampInt64(baseTimestamp + cursor.timestampDelta),
      key: cursor.key(),
      value: cursor.value(),
      headers: cursor.headerCount === 0 ? [] : cursor.headers(),
    })
  }
  return records
}
