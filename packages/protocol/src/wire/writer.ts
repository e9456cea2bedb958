import { assert } from '@barnabas/base'
import { SHORT_TEXT_LENGTH, WRITER_CHUNK_BYTES, WRITER_EXTERNAL_MIN_BYTES } from './limits.ts'
import type { RecordsValue, TaggedField, Uuid } from './primitives.ts'

const TWO_32 = 4294967296

/**
 * Writes the primitive types of the Kafka protocol. Small values are copied into chunks; byte arrays of
 * `WRITER_EXTERNAL_MIN_BYTES` or more are referenced, so that record batches reach the socket by a
 * gathered write without being copied. They must then stay unchanged until the result is sent.
 */
export class Writer {
  private readonly parts: Uint8Array[] = []
  private chunk: Buffer
  private position = 0
  /** Start of what stands in `chunk` and is not yet in `parts`. */
  private start = 0
  private flushedBytes = 0

  constructor(chunkBytes: number = WRITER_CHUNK_BYTES) {
    this.chunk = Buffer.allocUnsafe(chunkBytes)
  }

  /** Bytes written so far. */
  get size(): number {
    return this.flushedBytes + this.position - this.start
  }

  boolean(value: boolean): void {
    const at = this.reserve(1)
    this.chunk[at] = value ? 1 : 0
  }

  int8(value: number): void {
    const at = this.reserve(1)
    this.chunk[at] = value
  }

  int16(value: number): void {
    const at = this.reserve(2)
    this.chunk[at] = value >> 8
    this.chunk[at + 1] = value
  }

  uint16(value: number): void {
    this.int16(value)
  }

  int32(value: number): void {
    const at = this.reserve(4)
    putInt32(this.chunk, at, value)
  }

  uint32(value: number): void {
    const at = this.reserve(4)
    putInt32(this.chunk, at, value)
  }

  /** A whole number within ±2^53. */
  int64(value: number): void {
    const at = this.reserve(8)
    const high = Math.floor(value / TWO_32)
    putInt32(this.chunk, at, high)
    putInt32(this.chunk, at + 4, value - high * TWO_32)
  }

  int64Big(value: bigint): void {
    const at = this.reserve(8)
    this.chunk.writeBigInt64BE(value, at)
  }

  float64(value: number): void {
    const at = this.reserve(8)
    this.chunk.writeDoubleBE(value, at)
  }

  uuid(value: Uuid): void {
    const at = this.reserve(16)
    const written = this.chunk.write(value, at, 16, 'base64url')
    assert(written === 16, `not a uuid: ${value}`)
  }

  unsignedVarint(value: number): void {
    let rest = value >>> 0
    let at = this.reserve(5)
    const first = at
    while (rest >= 0x80) {
      this.chunk[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.chunk[at++] = rest
    this.position -= 5 - (at - first)
  }

  /** Zig-zag encoded int32. */
  varint(value: number): void {
    this.unsignedVarint((value << 1) ^ (value >> 31))
  }

  string(value: string): void {
    if (value.length <= SHORT_TEXT_LENGTH) {
      const at = this.reserve(2 + value.length)
      if (putAscii(this.chunk, at + 2, value)) {
        this.chunk[at] = 0
        this.chunk[at + 1] = value.length
        return
      }
      this.position = at
    }
    const length = Buffer.byteLength(value)
    assert(length <= 0x7fff, `string of ${length} bytes; the protocol allows 32767`)
    this.int16(length)
    this.text(value, length)
  }

  nullableString(value: string | null): void {
    if (value === null) this.int16(-1)
    else this.string(value)
  }

  compactString(value: string): void {
    if (value.length <= SHORT_TEXT_LENGTH) {
      const at = this.reserve(1 + value.length)
      if (putAscii(this.chunk, at + 1, value)) {
        this.chunk[at] = value.length + 1
        return
      }
      this.position = at
    }
    const length = Buffer.byteLength(value)
    this.unsignedVarint(length + 1)
    this.text(value, length)
  }

  compactNullableString(value: string | null): void {
    if (value === null) this.unsignedVarint(0)
    else this.compactString(value)
  }

  bytes(value: Uint8Array): void {
    this.int32(value.length)
    this.raw(value)
  }

  nullableBytes(value: Uint8Array | null): void {
    if (value === null) this.int32(-1)
    else this.bytes(value)
  }

  compactBytes(value: Uint8Array): void {
    this.unsignedVarint(value.length + 1)
    this.raw(value)
  }

  compactNullableBytes(value: Uint8Array | null): void {
    if (value === null) this.unsignedVarint(0)
    else this.compactBytes(value)
  }

  nullableRecords(value: RecordsValue | null): void {
    this.int32(value === null ? -1 : sizeOf(value))
    if (value !== null) this.recordParts(value)
  }

  compactNullableRecords(value: RecordsValue | null): void {
    this.unsignedVarint(value === null ? 0 : sizeOf(value) + 1)
    if (value !== null) this.recordParts(value)
  }

  /** -1 stands for null. */
  arrayLength(count: number): void {
    this.int32(count)
  }

  /** -1 stands for null. */
  compactArrayLength(count: number): void {
    this.unsignedVarint(count + 1)
  }

  /** The bytes as they are: small ones copied, large ones referenced. */
  raw(value: Uint8Array): void {
    if (value.length >= WRITER_EXTERNAL_MIN_BYTES) {
      this.seal()
      this.parts.push(value)
      this.flushedBytes += value.length
    } else if (value.length > 0) {
      const at = this.reserve(value.length)
      this.chunk.set(value, at)
    }
  }

  /** Several buffers that together are one value. */
  rawParts(parts: readonly Uint8Array[]): void {
    for (const part of parts) this.raw(part)
  }

  /** One tagged field whose value stands in a writer of its own. */
  taggedField(tag: number, value: Writer): void {
    this.unsignedVarint(tag)
    this.unsignedVarint(value.size)
    this.rawParts(value.finish())
  }

  /** Writes the unknown tagged fields with tags in [from, limit), for interleaving with known ones. */
  unknownTaggedFields(fields: readonly TaggedField[] | null, from: number, limit: number): void {
    if (fields === null) return
    for (const field of fields) {
      if (field.tag < from || field.tag >= limit) continue
      this.unsignedVarint(field.tag)
      this.unsignedVarint(field.data.length)
      this.raw(field.data)
    }
  }

  /** What was written, in order. The writer must not be used afterwards. */
  finish(): Uint8Array[] {
    this.seal()
    return this.parts
  }

  /** What was written as one piece; for tests, tools and small stored records. */
  finishBuffer(): Buffer {
    const parts = this.finish()
    if (parts.length === 1)
      return Buffer.from(parts[0]!.buffer, parts[0]!.byteOffset, parts[0]!.length)
    return Buffer.concat(parts)
  }

  private recordParts(value: RecordsValue): void {
    if (value instanceof Uint8Array) this.raw(value)
    else this.rawParts(value)
  }

  private text(value: string, length: number): void {
    if (length === 0) return
    const at = this.reserve(length)
    this.chunk.write(value, at, length, 'utf8')
  }

  private seal(): void {
    if (this.position > this.start) {
      this.parts.push(this.chunk.subarray(this.start, this.position))
      this.flushedBytes += this.position - this.start
      this.start = this.position
    }
  }

  /** Makes room; it may replace `chunk`, so its result must be taken before `chunk` is named. */
  private reserve(count: number): number {
    if (this.position + count > this.chunk.length) {
      this.seal()
      this.chunk = Buffer.allocUnsafe(Math.max(WRITER_CHUNK_BYTES, count, this.chunk.length * 2))
      this.position = 0
      this.start = 0
    }
    const at = this.position
    this.position = at + count
    return at
  }
}

/** Puts the characters as bytes; false when one of them is not ASCII. */
function putAscii(into: Buffer, at: number, value: string): boolean {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code >= 0x80) return false
    into[at + i] = code
  }
  return true
}

function putInt32(into: Buffer, at: number, value: number): void {
  into[at] = value >> 24
  into[at + 1] = value >> 16
  into[at + 2] = value >> 8
  into[at + 3] = value
}

function sizeOf(value: RecordsValue): number {
  if (value instanceof Uint8Array) return value.length
  let size = 0
  for (const part of value) size += part.length
  return size
}
