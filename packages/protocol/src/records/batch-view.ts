/**
 * One record batch (magic 2) as a view over bytes: fields are read where they stand, and those that a
 * broker assigns are patched in place. Nothing is copied; the view is valid as long as its buffer is.
 *
 * Base offset and leader epoch stand outside the CRC, so assigning them costs no checksum.
 */
import { crc32c } from '@barnabas/base'
import * as at from './layout.ts'

const TWO_32 = 4294967296
const MAX_SAFE = Number.MAX_SAFE_INTEGER

export class BatchView {
  readonly buffer: Buffer
  readonly position: number

  constructor(buffer: Buffer, position = 0) {
    this.buffer = buffer
    this.position = position
  }

  get baseOffset(): number {
    return this.int64(at.BASE_OFFSET_AT)
  }

  set baseOffset(value: number) {
    putInt64(this.buffer, this.position + at.BASE_OFFSET_AT, value)
  }

  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta
  }

  get nextOffset(): number {
    return this.lastOffset + 1
  }

  /** Size of the whole batch, header included. */
  get sizeBytes(): number {
    return at.LOG_OVERHEAD_BYTES + this.int32(at.BATCH_LENGTH_AT)
  }

  get partitionLeaderEpoch(): number {
    return this.int32(at.PARTITION_LEADER_EPOCH_AT)
  }

  set partitionLeaderEpoch(value: number) {
    this.buffer.writeInt32BE(value, this.position + at.PARTITION_LEADER_EPOCH_AT)
  }

  get magic(): number {
    return this.buffer.readInt8(this.position + at.MAGIC_AT)
  }

  get crc(): number {
    return this.int32(at.CRC_AT) >>> 0
  }

  get attributes(): number {
    return this.int16(at.ATTRIBUTES_AT)
  }

  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  get compressionCode(): number {
    return this.attributes & at.COMPRESSION_MASK
  }

  get isLogAppendTime(): boolean {
    return (this.attributes & at.LOG_APPEND_TIME_FLAG) !== 0
  }

  get isTransactional(): boolean {
    return (this.attributes & at.TRANSACTIONAL_FLAG) !== 0
  }

  get isControl(): boolean {
    return (this.attributes & at.CONTROL_FLAG) !== 0
  }

  /** Null unless compaction stamped when tombstones or markers of the batch may go (KIP-534). */
  get deleteHorizonMs(): number | null {
    return this.attributes & at.DELETE_HORIZON_FLAG ? this.int64(at.BASE_TIMESTAMP_AT) : null
  }

  get lastOffsetDelta(): number {
    return this.int32(at.LAST_OFFSET_DELTA_AT)
  }

  get baseTimestamp(): number {
    return this.int64(at.BASE_TIMESTAMP_AT)
  }

  get maxTimestamp(): number {
    return this.int64(at.MAX_TIMESTAMP_AT)
  }

  get producerId(): number {
    return this.int64(at.PRODUCER_ID_AT)
  }

  get producerEpoch(): number {
    return this.int16(at.PRODUCER_EPOCH_AT)
  }

  get baseSequence(): number {
    return this.int32(at.BASE_SEQUENCE_AT)
  }

  /** Sequence of the last record; after 2^31-1 comes 0. */
  get lastSequence(): number {
    const base = this.baseSequence
    return base === at.NO_SEQUENCE ? base : (base + this.lastOffsetDelta) % 0x80000000
  }

  get recordCount(): number {
    return this.int32(at.RECORD_COUNT_AT)
  }

  /** The records as stored, compressed or not. */
  get recordBytes(): Buffer {
    return this.buffer.subarray(this.position + at.RECORDS_AT, this.position + this.sizeBytes)
  }

  /** The whole batch. */
  get bytes(): Buffer {
    return this.buffer.subarray(this.position, this.position + this.sizeBytes)
  }

  computeCrc(): number {
    return crc32c(
      this.buffer.subarray(this.position + at.ATTRIBUTES_AT, this.position + this.sizeBytes),
    )
  }

  hasValidCrc(): boolean {
    return this.computeCrc() === this.crc
  }

  /** Makes it a batch of log append time, as the broker does for such topics; the CRC is recomputed. */
  stampLogAppendTime(timestampMs: number): void {
    this.buffer.writeInt16BE(
      this.attributes | at.LOG_APPEND_TIME_FLAG,
      this.position + at.ATTRIBUTES_AT,
    )
    putInt64(this.buffer, this.position + at.MAX_TIMESTAMP_AT, timestampMs)
    this.updateCrc()
  }

  /** Corrects the largest timestamp that a producer wrote; the CRC is recomputed. */
  stampMaxTimestamp(timestampMs: number): void {
    putInt64(this.buffer, this.position + at.MAX_TIMESTAMP_AT, timestampMs)
    this.updateCrc()
  }

  /** What an idempotent producer knows only when it sends a batch; the CRC is recomputed. */
  stampProducer(producerId: number, producerEpoch: number, baseSequence: number): void {
    putInt64(this.buffer, this.position + at.PRODUCER_ID_AT, producerId)
    this.buffer.writeInt16BE(producerEpoch, this.position + at.PRODUCER_EPOCH_AT)
    this.buffer.writeInt32BE(baseSequence, this.position + at.BASE_SEQUENCE_AT)
    this.updateCrc()
  }

  /** Makes the CRC right after fields or records behind it were changed. */
  updateCrc(): void {
    this.buffer.writeUInt32BE(this.computeCrc(), this.position + at.CRC_AT)
  }

  private int16(offset: number): number {
    return this.buffer.readInt16BE(this.position + offset)
  }

  private int32(offset: number): number {
    return this.buffer.readInt32BE(this.position + offset)
  }

  /** Clamped to what a number holds exactly: foreign timestamps reach the ends of int64. */
  private int64(offset: number): number {
    const high = this.buffer.readInt32BE(this.position + offset)
    const value = high * TWO_32 + this.buffer.readUInt32BE(this.position + offset + 4)
    return clampInt64(value)
  }
}

/** The nearest number that is exact. */
export function clampInt64(value: number): number {
  return value > MAX_SAFE ? MAX_SAFE : value < -MAX_SAFE ? -MAX_SAFE : value
}

/** Why a run of batches ended before the end of its bytes. */
export type RunEnd = 'complete' | 'cut' | 'malformed'

/**
 * The whole batches in `buffer`, in order. A batch cut off at the end is legal in a Fetch response and is
 * left out (`cut`); a length or magic that cannot be ends the run (`malformed`).
 */
export function readBatches(buffer: Buffer): {
  batches: BatchView[]
  end: RunEnd
  sizeBytes: number
} {
  const batches: BatchView[] = []
  let position = 0
  while (position < buffer.length) {
    const left = buffer.length - position
    if (left < at.BATCH_HEADER_BYTES) return { batches, end: 'cut', sizeBytes: position }
    const batch = new BatchView(buffer, position)
    const sizeBytes = batch.sizeBytes
    if (batch.magic !== at.MAGIC_V2 || sizeBytes < at.BATCH_HEADER_BYTES) {
      return { batches, end: 'malformed', sizeBytes: position }
    }
    if (sizeBytes > left) return { batches, end: 'cut', sizeBytes: position }
    batches.push(batch)
    position += sizeBytes
  }
  return { batches, end: 'complete', sizeBytes: position }
}

/** @internal */
export function putInt64(buffer: Buffer, position: number, value: number): void {
  const high = Math.floor(value / TWO_32)
  buffer.writeInt32BE(high, position)
  buffer.writeUInt32BE(value - high * TWO_32, position + 4)
}
