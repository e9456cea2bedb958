import { MalformedMessageError } from './errors.ts'
import { MAX_MESSAGE_ELEMENTS, MAX_UNKNOWN_TAGGED_FIELDS } from './limits.ts'
import type { TaggedField, Uuid } from './primitives.ts'

const MAX_SAFE = Number.MAX_SAFE_INTEGER
const TWO_32 = 4294967296

/**
 * Reads the primitive types of the Kafka protocol from one buffer. Every read checks the end first, so
 * malformed input ends in `MalformedMessageError` and never allocates more than the input is long.
 *
 * `bytes()` and friends return views into the buffer: valid as long as the buffer is, copy to keep.
 */
export class Reader {
  buffer: Buffer
  position: number
  end: number
  /** Array elements that the message may still announce. */
  private elementsLeft = MAX_MESSAGE_ELEMENTS

  constructor(bytes: Uint8Array, position = 0, end: number = bytes.length) {
    this.buffer = asBuffer(bytes)
    this.position = position
    this.end = end
  }

  /** Points the reader at other bytes, so that one instance can be reused. */
  reset(bytes: Uint8Array, position = 0, end: number = bytes.length): this {
    this.buffer = asBuffer(bytes)
    this.position = position
    this.end = end
    this.elementsLeft = MAX_MESSAGE_ELEMENTS
    return this
  }

  get remaining(): number {
    return this.end - this.position
  }

  boolean(): boolean {
    return this.int8() !== 0
  }

  int8(): number {
    const at = this.advance(1)
    return (this.buffer[at]! << 24) >> 24
  }

  int16(): number {
    const at = this.advance(2)
    const b = this.buffer
    return (((b[at]! << 8) | b[at + 1]!) << 16) >> 16
  }

  uint16(): number {
    const at = this.advance(2)
    const b = this.buffer
    return (b[at]! << 8) | b[at + 1]!
  }

  int32(): number {
    const at = this.advance(4)
    const b = this.buffer
    return (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!
  }

  uint32(): number {
    return this.int32() >>> 0
  }

  /** An int64 that must be exact as a number: offsets, ids. Beyond 2^53 the message is malformed. */
  int64(): number {
    const high = this.int32()
    const value = high * TWO_32 + (this.int32() >>> 0)
    if (value > MAX_SAFE || value < -MAX_SAFE) {
      throw new MalformedMessageError(`int64 beyond 2^53 at byte ${this.position - 8}`)
    }
    return value
  }

  /** An int64 that is only compared (timestamps, durations): clamped to what a number holds exactly. */
  int64Saturated(): number {
    const high = this.int32()
    const value = high * TWO_32 + (this.int32() >>> 0)
    return value > MAX_SAFE ? MAX_SAFE : value < -MAX_SAFE ? -MAX_SAFE : value
  }

  int64Big(): bigint {
    return this.buffer.readBigInt64BE(this.advance(8))
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.advance(8))
  }

  uuid(): Uuid {
    const at = this.advance(16)
    return this.buffer.toString('base64url', at, at + 16)
  }

  unsignedVarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.advance(1)]!
      if (shift === 28 && byte > 0x0f) break
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value >>> 0
    }
    throw new MalformedMessageError(`varint longer than 32 bits before byte ${this.position}`)
  }

  /** Zig-zag encoded int32. */
  varint(): number {
    const raw = this.unsignedVarint()
    return (raw >>> 1) ^ -(raw & 1)
  }

  string(): string {
    return this.text(this.int16())
  }

  nullableString(): string | null {
    const length = this.int16()
    return length === -1 ? null : this.text(length)
  }

  compactString(): string {
    return this.text(this.unsignedVarint() - 1)
  }

  compactNullableString(): string | null {
    const length = this.unsignedVarint() - 1
    return length === -1 ? null : this.text(length)
  }

  bytes(): Uint8Array {
    return this.view(this.int32())
  }

  nullableBytes(): Uint8Array | null {
    const length = this.int32()
    return length === -1 ? null : this.view(length)
  }

  compactBytes(): Uint8Array {
    return this.view(this.unsignedVarint() - 1)
  }

  compactNullableBytes(): Uint8Array | null {
    const length = this.unsignedVarint() - 1
    return length === -1 ? null : this.view(length)
  }

  /**
   * Length of an array whose null is malformed. Refused when the rest of the message cannot hold that many
   * elements of at least `elementBytes` each.
   */
  arrayLength(elementBytes = 1): number {
    return this.checkedCount(this.int32(), elementBytes, false)
  }

  /** -1 stands for null. */
  nullableArrayLength(elementBytes = 1): number {
    return this.checkedCount(this.int32(), elementBytes, true)
  }

  compactArrayLength(elementBytes = 1): number {
    return this.checkedCount(this.unsignedVarint() - 1, elementBytes, false)
  }

  compactNullableArrayLength(elementBytes = 1): number {
    return this.checkedCount(this.unsignedVarint() - 1, elementBytes, true)
  }

  /** A view of the next `length` bytes; a negative or too large length is malformed. */
  view(length: number): Uint8Array {
    if (length < 0) throw new MalformedMessageError(`negative length ${length}`)
    const at = this.advance(length)
    return this.buffer.subarray(at, at + length)
  }

  /** Skips tagged fields that are of no interest to the caller. */
  skipTaggedFields(): void {
    for (let count = this.unsignedVarint(); count > 0; count--) {
      this.unsignedVarint()
      this.advance(this.unsignedVarint())
    }
  }

  /** A tagged field must fill exactly the size it announced. */
  expectPosition(position: number): void {
    if (this.position !== position)
      throw new MalformedMessageError('a tagged field differs from its size')
  }

  /** Appends one unknown tagged field (its tag already read) to the list of those kept. */
  unknownTaggedField(tag: number, size: number, kept: TaggedField[] | null): TaggedField[] {
    const list = kept ?? []
    if (list.length >= MAX_UNKNOWN_TAGGED_FIELDS) {
      throw new MalformedMessageError(
        `more than ${MAX_UNKNOWN_TAGGED_FIELDS} unknown tagged fields`,
      )
    }
    list.push({ tag, data: this.view(size) })
    return list
  }

  private text(length: number): string {
    if (length < 0)
      throw new MalformedMessageError('null or negative length where a string is required')
    const at = this.advance(length)
    return this.buffer.toString('utf8', at, at + length)
  }

  private checkedCount(count: number, elementBytes: number, nullable: boolean): number {
    if (count === -1 && nullable) return -1
    if (count < 0 || count * elementBytes > this.end - this.position) {
      throw new MalformedMessageError(
        `array of ${count} elements in ${this.end - this.position} bytes`,
      )
    }
    this.elementsLeft -= count
    if (this.elementsLeft < 0)
      throw new MalformedMessageError(`more than ${MAX_MESSAGE_ELEMENTS} array elements`)
    return count
  }

  private advance(count: number): number {
    const at = this.position
    const next = at + count
    if (next > this.end) {
      throw new MalformedMessageError(`${count} bytes wanted at ${at}, ${this.end - at} remain`)
    }
    this.position = next
    return at
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
