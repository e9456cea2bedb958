/** The record in a transaction marker: what ended, by which incarnation of the coordinator. */
import { RecordCursor, type BatchView } from '@barnabas/protocol'

export const ABORT = 0
export const COMMIT = 1

export interface EndTransactionMarker {
  /** `ABORT` or `COMMIT`; other control records are no markers. */
  type: number
  coordinatorEpoch: number
  timestamp: number
}

/** Null for a control batch that compaction emptied, and for control records of other kinds. */
export function readEndTransactionMarker(batch: BatchView): EndTransactionMarker | null {
  const cursor = new RecordCursor(batch.recordBytes, batch.recordCount)
  if (!cursor.next()) return null
  const key = cursor.key()
  const value = cursor.value()
  if (key === null || key.length < 4 || value === null || value.length < 6) return null
  const type = key.readInt16BE(2)
  if (type !== ABORT && type !== COMMIT) return null
  return {
    type,
    coordinatorEpoch: value.readInt32BE(2),
    timestamp: batch.isLogAppendTime
      ? batch.maxTimestamp
      : batch.baseTimestamp + cursor.timestampDelta,
  }
}
