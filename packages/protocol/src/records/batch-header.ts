/** Writes the header of a batch (magic 2) over bytes whose records already stand behind it. */
import { BatchView, putInt64 } from './batch-view.ts'
import * as at from './layout.ts'

export interface BatchHeader {
  baseOffset: number
  partitionLeaderEpoch: number
  attributes: number
  lastOffsetDelta: number
  baseTimestamp: number
  maxTimestamp: number
  producerId: number
  producerEpoch: number
  baseSequence: number
  recordCount: number
}

/** `buffer` is the whole batch; length and CRC follow from it. */
export function putBatchHeader(buffer: Buffer, header: BatchHeader): BatchView {
  putInt64(buffer, at.BASE_OFFSET_AT, header.baseOffset)
  buffer.writeInt32BE(buffer.length - at.LOG_OVERHEAD_BYTES, at.BATCH_LENGTH_AT)
  buffer.writeInt32BE(header.partitionLeaderEpoch, at.PARTITION_LEADER_EPOCH_AT)
  buffer.writeInt8(at.MAGIC_V2, at.MAGIC_AT)
  buffer.writeInt16BE(header.attributes, at.ATTRIBUTES_AT)
  buffer.writeInt32BE(header.lastOffsetDelta, at.LAST_OFFSET_DELTA_AT)
  putInt64(buffer, at.BASE_TIMESTAMP_AT, header.baseTimestamp)
  putInt64(buffer, at.MAX_TIMESTAMP_AT, header.maxTimestamp)
  putInt64(buffer, at.PRODUCER_ID_AT, header.producerId)
  buffer.writeInt16BE(header.producerEpoch, at.PRODUCER_EPOCH_AT)
  buffer.writeInt32BE(header.baseSequence, at.BASE_SEQUENCE_AT)
  buffer.writeInt32BE(header.recordCount, at.RECORD_COUNT_AT)
  const batch = new BatchView(buffer)
  batch.updateCrc()
  return batch
}

/** The same batch around other record bytes: what recompressing leaves of the header stays. */
export function withRecords(batch: BatchView, compressionCode: number, records: Buffer): BatchView {
  const buffer = Buffer.allocUnsafe(at.BATCH_HEADER_BYTES + records.length)
  batch.buffer.copy(buffer, 0, batch.position, batch.position + at.BATCH_HEADER_BYTES)
  records.copy(buffer, at.BATCH_HEADER_BYTES)
  buffer.writeInt32BE(buffer.length - at.LOG_OVERHEAD_BYTES, at.BATCH_LENGTH_AT)
  buffer.writeInt16BE((batch.attributes & ~at.COMPRESSION_MASK) | compressionCode, at.ATTRIBUTES_AT)
  const changed = new BatchView(buffer)
  changed.updateCrc()
  return changed
}

/**
 * A batch without records in place of one whose records are all gone: compaction keeps it for the
 * sequence and epoch of its producer (KIP-360), and for its offsets.
 */
export function emptyBatchOf(batch: BatchView): BatchView {
  const kept = at.LOG_APPEND_TIME_FLAG | at.TRANSACTIONAL_FLAG | at.CONTROL_FLAG
  return putBatchHeader(Buffer.allocUnsafe(at.BATCH_HEADER_BYTES), {
    baseOffset: batch.baseOffset,
    partitionLeaderEpoch: batch.partitionLeaderEpoch,
    attributes: batch.attributes & kept,
    lastOffsetDelta: batch.lastOffsetDelta,
    baseTimestamp: at.NO_TIMESTAMP,
    maxTimestamp: batch.maxTimestamp,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    recordCount: 0,
  })
}
