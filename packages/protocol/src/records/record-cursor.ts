/**
 * Walks the records of one uncompressed batch body without allocating for each: the cursor itself holds
 * the fields of the record it stands on. Malformed bytes end in `MalformedRecordError`.
 */
import { MalformedError } from '@barnabas/base'

const TWO_27 = 134217728

/** Records that do not follow the format: the batch is refused, or its reader stops. */
export class MalformedRecordError extends MalformedError {
  override readonly name = 'MalformedRecordError'
  override readonly code = 'BARNABAS_MALFORMED_RECORD'
}

export interface RecordHeader {
  key: string
  value: Uint8Array | null
}

export class RecordCursor {
  /** The fields of the record the cursor stands on; positions are into the bytes given. */
  timestampDelta = 0
  offsetDelta = 0
  keyAt = 0
  /** -1 stands for null. */
  keyLength = -1
  valueAt = 0
  /** -1 stands for null. */
  valueLength = -1
  headerCount = 0

  private readonly bytes: Buffer
  private readonly count: number
  private position = 0
  private index = 0
  private headersAt = 0

  /** `bytes` are the uncompressed records of a batch, `count` their number by its header. */
  constructor(bytes: Buffer, count: number) {
    this.bytes = bytes
    this.count = count
  }

  /** Goes to the next record; false after the last. Bytes left over after it are malformed. */
  next(): boolean {
    if (this.index === this.count) {
      if (this.position !== this.bytes.length) this.fail('bytes after the last record')
      return false
    }
    this.index++
    const length = this.varint()
    const start = this.position
    const end = start + length
    if (length < 0 || end > this.bytes.length) this.fail(`a record of ${length} bytes`)
    this.position++ // attributes, unused
    this.timestampDelta = this.varlong()
    this.offsetDelta = this.varint()
    this.keyLength = this.varint()
    this.keyAt = this.skip(this.keyLength, end)
    this.valueLength = this.varint()
    this.valueAt = this.skip(this.valueLength, end)
    this.headerCount = this.varint()
    if (this.headerCount < 0) this.fail(`${this.headerCount} headers`)
    this.headersAt = this.position
    for (let n = this.headerCount; n > 0; n--) this.skipHeader(end)
    if (this.position !== end) this.fail('a record whose fields do not fill its length')
    return true
  }

  /** A view of the key, null for none. */
  key(): Buffer | null {
    return this.keyLength < 0 ? null : this.bytes.subarray(this.keyAt, this.keyAt + this.keyLength)
  }

  /** A view of the value, null for a tombstone. */
  value(): Buffer | null {
    return this.valueLength < 0
      ? null
      : this.bytes.subarray(this.valueAt, this.valueAt + this.valueLength)
  }

  /** The headers of the current record, values as views. */
  headers(): RecordHeader[] {
    const after = this.position
    this.position = this.headersAt
    const headers: RecordHeader[] = []
    for (let n = this.headerCount; n > 0; n--) {
      const keyLength = this.varint()
      const keyAt = this.skip(keyLength, after)
      const valueLength = this.varint()
      const valueAt = this.skip(valueLength, after)
      headers.push({
        key: this.bytes.toString('utf8', keyAt, keyAt + keyLength),
        value: valueLength < 0 ? null : this.bytes.subarray(valueAt, valueAt + valueLength),
      })
    }
    this.position = after
    return headers
  }

  private skipHeader(end: number): void {
    const keyLength = this.varint()
    if (keyLength < 0) this.fail('a header without a key')
    this.skip(keyLength, end)
    this.skip(this.varint(), end)
  }

  /** Position of a field of `length` bytes (-1: null), which must end before `end`. */
  private skip(length: number, end: number): number {
    const at = this.position
    if (length < -1) this.fail(`a length of ${length}`)
    if (length > 0) this.position = at + length
    if (this.position > end) this.fail('a field that leaves its record')
    return at
  }

  private varint(): number {
    const first = this.bytes[this.position]!
    if (first < 0x80) {
      this.position++
      return (first >>> 1) ^ -(first & 1)
    }
    const second = this.bytes[this.position + 1]!
    if (second < 0x80) {
      this.position += 2
      const raw = (first & 0x7f) | (second << 7)
      return (raw >>> 1) ^ -(raw & 1)
    }
    return this.longVarint()
  }

  private longVarint(): number {
    let raw = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.position++]
      if (byte === undefined) break
      raw |= (byte & 0x7f) << shift
      if (byte < 0x80) return (raw >>> 1) ^ -(raw & 1)
    }
    return this.fail('a varint that does not end')
  }

  /** Zig-zag int64; exact up to 2^53, which no distance between two real timestamps exceeds. */
  private varlong(): number {
    let low = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.bytes[this.position++]
      if (byte === undefined) break
      low |= (byte & 0x7f) << shift
      if (byte < 0x80) return (low >>> 1) ^ -(low & 1)
    }
    return this.longVarlong(low)
  }

  /** The fifth to tenth byte; `low` has the 28 bits before them. */
  private longVarlong(low: number): number {
    let high = 0
    let weight = 1
    for (let n = 0; n < 6; n++) {
      const byte = this.bytes[this.position++]
      if (byte === undefined) break
      high += (byte & 0x7f) * weight
      weight *= 128
      if (byte < 0x80) {
        const half = high * TWO_27 + (low >>> 1)
        return (low & 1) === 1 ? -half - 1 : half
      }
    }
    return this.fail('a varlong that does not end')
  }

  private fail(what: string): never {
    throw new MalformedRecordError(`record ${this.index} of ${this.count}: ${what}`)
  }
}
