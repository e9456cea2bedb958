/**
 * Builds one batch (magic 2) record by record: for producers, coordinators and compaction. Records may
 * have gaps between their offsets; timestamps are relative to the first one's.
 */
import { codecByType, type CompressionType } from '../compression/index.ts'
import { putBatchHeader } from './batch-header.ts'
import type { BatchView } from './batch-view.ts'
import * as at from './layout.ts'
import { BUILDER_INITIAL_BYTES } from './limits.ts'
import type { RecordHeader } from './record-cursor.ts'
import { RecordWriter, recordBytesMax } from './record-writer.ts'

export interface BatchBuilderOptions {
  compression?: CompressionType
  compressionLevel?: number
  /** Offset of the batch; 0 from producers. */
  baseOffset?: number
  partitionLeaderEpoch?: number
  producerId?: number
  producerEpoch?: number
  baseSequence?: number
  isTransactional?: boolean
  isControl?: boolean
  /** Set: a batch of log append time, and this is its timestamp. */
  logAppendTimeMs?: number
  /** Set by compaction (KIP-534). */
  deleteHorizonMs?: number
  /**
   * Compressed size over uncompressed size that the producer saw lately on this topic, for
   * `estimatedSizeBytes`.
   */
  compressionRatio?: number
  initialBytes?: number
}

const NO_HEADERS: readonly RecordHeader[] = []

export class BatchBuilder {
  private readonly options: BatchBuilderOptions
  private readonly writer: RecordWriter
  private count = 0
  private lastDelta = -1
  private baseTimestamp: number
  private maxTimestamp: number = at.NO_TIMESTAMP

  constructor(options: BatchBuilderOptions = {}) {
    this.options = options
    this.writer = new RecordWriter(options.initialBytes ?? BUILDER_INITIAL_BYTES)
    this.baseTimestamp = options.deleteHorizonMs ?? at.NO_TIMESTAMP
  }

  get recordCount(): number {
    return this.count
  }

  /** Offset delta of the next `append`. */
  get nextOffsetDelta(): number {
    return this.lastDelta + 1
  }

  /** Header and records before compression. */
  get uncompressedSizeBytes(): number {
    return this.writer.size
  }

  /** Size of the batch if it were built now, by the ratio given where it is to be compressed. */
  get estimatedSizeBytes(): number {
    const compressed = (this.options.compression ?? 'none') !== 'none'
    const ratio = compressed ? (this.options.compressionRatio ?? 1) : 1
    return at.BATCH_HEADER_BYTES + Math.ceil((this.writer.size - at.BATCH_HEADER_BYTES) * ratio)
  }

  /** Whether one more record keeps the estimate within `maxBytes`. The first record always fits. */
  hasRoomFor(
    maxBytes: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[] = NO_HEADERS,
  ): boolean {
    return (
      this.count === 0 || this.estimatedSizeBytes + recordBytesMax(key, value, headers) <= maxBytes
    )
  }

  /** Adds a record behind the last one and returns its offset delta. */
  append(
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[] = NO_HEADERS,
  ): number {
    this.appendAt(this.lastDelta + 1, timestamp, key, value, headers)
    return this.lastDelta
  }

  /** Adds a record at an offset delta beyond the last one's. */
  appendAt(
    offsetDelta: number,
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[] = NO_HEADERS,
  ): void {
    if (this.count === 0 && this.options.deleteHorizonMs === undefined)
      this.baseTimestamp = timestamp
    this.writer.append(offsetDelta, timestamp - this.baseTimestamp, key, value, headers)
    this.count++
    this.lastDelta = offsetDelta
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp
  }

  /** Keeps offsets up to this delta for the batch although it has no record there (compaction). */
  extendTo(lastOffsetDelta: number): void {
    if (lastOffsetDelta > this.lastDelta) this.lastDelta = lastOffsetDelta
  }

  /** The finished batch, in memory of its own. The builder is not to be used afterwards. */
  build(): BatchView {
    const options = this.options
    const codec = codecByType(options.compression ?? 'none')
    let attributes = codec.code
    if (options.logAppendTimeMs !== undefined) attributes |= at.LOG_APPEND_TIME_FLAG
    if (options.isTransactional) attributes |= at.TRANSACTIONAL_FLAG
    if (options.isControl) attributes |= at.CONTROL_FLAG
    if (options.deleteHorizonMs !== undefined) attributes |= at.DELETE_HORIZON_FLAG
    let buffer = this.writer.buffer.subarray(0, this.writer.size)
    if (codec.code !== 0) {
      const records = codec.compress(this.writer.records, options.compressionLevel)
      buffer = Buffer.allocUnsafe(at.BATCH_HEADER_BYTES + records.length)
      records.copy(buffer, at.BATCH_HEADER_BYTES)
    }
    return putBatchHeader(buffer, {
      baseOffset: options.baseOffset ?? 0,
      partitionLeaderEpoch: options.partitionLeaderEpoch ?? -1,
      attributes,
      lastOffsetDelta: this.lastDelta,
      baseTimestamp: this.baseTimestamp,
      maxTimestamp: options.logAppendTimeMs ?? this.maxTimestamp,
      producerId: options.producerId ?? at.NO_PRODUCER_ID,
      producerEpoch: options.producerEpoch ?? at.NO_PRODUCER_EPOCH,
      baseSequence: options.baseSequence ?? at.NO_SEQUENCE,
      recordCount: this.count,
    })
  }
}
