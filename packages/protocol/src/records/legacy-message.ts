/**
 * A message of the formats before record batches (magic 0 and 1, Kafka 0.7 to 0.10) as a view over bytes.
 * A compressed one is a wrapper: its value holds the messages proper. Such messages are not accepted from
 * clients any more, but old data directories hold them, and old clients understand nothing else.
 *
 *   offset int64 | size int32 | crc int32 | magic int8 | attributes int8 | timestamp int64 (magic 1)
 *   | key: int32 length, bytes | value: int32 length, bytes         (length -1: null)
 */
import { crc32 } from 'node:zlib'
import {
  type CompressionCodec,
  codecByCode,
  MAX_DECOMPRESSED_BATCH_BYTES,
} from '../compression/index.ts'
import { lz4Legacy } from '../compression/lz4.ts'
import { clampInt64 } from './batch-view.ts'
import {
  COMPRESSION_MASK,
  LOG_APPEND_TIME_FLAG,
  LOG_OVERHEAD_BYTES,
  NO_TIMESTAMP,
} from './layout.ts'
import { MalformedRecordError } from './record-cursor.ts'
import type { DecodedRecord } from './record-decode.ts'

const SIZE_AT = 8
const CRC_AT = 12
const MAGIC_AT = 16
const ATTRIBUTES_AT = 17
const TIMESTAMP_AT = 18
const LZ4_CODE = 3
/** zstd came with record batches. */
const LAST_LEGACY_CODEC = 3

/** Size of a message without key and value, for magic 0 and 1. */
const MIN_BYTES = [26, 34] as const

export class LegacyMessage {
  readonly buffer: Buffer
  readonly position: number

  constructor(buffer: Buffer, position = 0) {
    this.buffer = buffer
    this.position = position
  }

  /** Of a wrapper: the offset of its last message. */
  get offset(): number {
    return clampInt64(Number(this.buffer.readBigInt64BE(this.position)))
  }

  get sizeBytes(): number {
    return LOG_OVERHEAD_BYTES + this.buffer.readInt32BE(this.position + SIZE_AT)
  }

  get crc(): number {
    return this.buffer.readUInt32BE(this.position + CRC_AT)
  }

  get magic(): number {
    return this.buffer.readInt8(this.position + MAGIC_AT)
  }

  get attributes(): number {
    return this.buffer.readInt8(this.position + ATTRIBUTES_AT)
  }

  /** 0 none, 1 gzip, 2 snappy, 3 lz4. */
  get compressionCode(): number {
    return this.attributes & COMPRESSION_MASK
  }

  get isLogAppendTime(): boolean {
    return this.magic > 0 && (this.attributes & LOG_APPEND_TIME_FLAG) !== 0
  }

  get timestamp(): number {
    if (this.magic === 0) return NO_TIMESTAMP
    return clampInt64(Number(this.buffer.readBigInt64BE(this.position + TIMESTAMP_AT)))
  }

  get key(): Buffer | null {
    return this.field(this.keyAt)
  }

  get value(): Buffer | null {
    return this.field(this.valueAt)
  }

  /** The whole message. */
  get bytes(): Buffer {
    return this.buffer.subarray(this.position, this.position + this.sizeBytes)
  }

  computeCrc(): number {
    return crc32(this.buffer.subarray(this.position + MAGIC_AT, this.position + this.sizeBytes))
  }

  hasValidCrc(): boolean {
    return this.sizeBytes >= MIN_BYTES[0] && this.computeCrc() === this.crc
  }

  private get keyAt(): number {
    return this.position + (this.magic === 0 ? TIMESTAMP_AT : TIMESTAMP_AT + 8)
  }

  private get valueAt(): number {
    return this.keyAt + 4 + Math.max(this.length(this.keyAt), 0)
  }

  /** The length at `at`, after checking that its field lies within the message. */
  private length(at: number): number {
    const end = this.position + this.sizeBytes
    if (at + 4 > end) return outside()
    const length = this.buffer.readInt32BE(at)
    return length < -1 || at + 4 + length > end ? outside() : length
  }

  private field(at: number): Buffer | null {
    const length = this.length(at)
    return length < 0 ? null : this.buffer.subarray(at + 4, at + 4 + length)
  }
}

/** The message at `position`, null when only a part of it stands before `end`. */
export function legacyMessageAt(
  buffer: Buffer,
  position: number,
  end: number,
): LegacyMessage | null {
  if (position + MAGIC_AT + 1 > end) return null
  const message = new LegacyMessage(buffer, position)
  const { magic, sizeBytes } = message
  if (magic !== 0 && magic !== 1) throw new MalformedRecordError(`a message of magic ${magic}`)
  if (sizeBytes < MIN_BYTES[magic])
    throw new MalformedRecordError(`a message of ${sizeBytes} bytes`)
  return position + sizeBytes > end ? null : message
}

/** The record of a message, or the records of a wrapper. Keys and values are views. */
export function decodeLegacyRecords(
  message: LegacyMessage,
  maxBytes: number = MAX_DECOMPRESSED_BATCH_BYTES,
): DecodedRecord[] {
  if (message.compressionCode === 0) return [recordOf(message, message.offset, message.timestamp)]
  const inner = innerMessages(message, maxBytes)
  const base = baseOffset(message, inner)
  return inner.map((one) => {
    // The broker stamps the wrapper only.
    const timestamp = message.isLogAppendTime ? message.timestamp : one.timestamp
    return recordOf(one, base + one.offset, timestamp)
  })
}

function innerMessages(wrapper: LegacyMessage, maxBytes: number): LegacyMessage[] {
  const { magic, value } = wrapper
  if (value === null) throw new MalformedRecordError('a wrapper message without messages')
  const content = legacyCodec(wrapper.compressionCode, magic).decompress(value, maxBytes)
  const inner: LegacyMessage[] = []
  for (let at = 0; at < content.length; ) {
    const message = legacyMessageAt(content, at, content.length)
    if (message === null) throw new MalformedRecordError('a wrapper message with a cut message')
    if (message.magic !== magic || message.compressionCode !== 0) {
      throw new MalformedRecordError('a wrapper message around another format')
    }
    if (!message.hasValidCrc()) throw new MalformedRecordError('an inner message with a wrong CRC')
    inner.push(message)
    at += message.sizeBytes
  }
  if (inner.length === 0) throw new MalformedRecordError('a wrapper message without messages')
  return inner
}

/**
 * What to add to the offsets inside a wrapper. Magic 0 has absolute ones; magic 1 counts so that the last
 * one is the wrapper's, but some producers left the wrapper's at 0.
 */
function baseOffset(wrapper: LegacyMessage, inner: LegacyMessage[]): number {
  if (wrapper.magic === 0 || wrapper.offset === 0) return 0
  return wrapper.offset - inner[inner.length - 1]!.offset
}

function recordOf(message: LegacyMessage, offset: number, timestamp: number): DecodedRecord {
  return { offset, timestamp, key: message.key, value: message.value, headers: [] }
}

/** @internal The codec by its number; LZ4 of magic 0 has a header checksum of its own kind. */
export function legacyCodec(code: number, magic: number): CompressionCodec {
  if (code > LAST_LEGACY_CODEC) {
    throw new MalformedRecordError(`compression codec ${code} in a message of magic ${magic}`)
  }
  return code === LZ4_CODE && magic === 0 ? lz4Legacy : codecByCode(code)
}

function outside(): never {
  throw new MalformedRecordError('a field that leaves its message')
}
