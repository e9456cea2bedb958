/**
 * One tight walk over the uncompressed records of a batch that a broker is about to store: every length
 * is checked, nothing is allocated for a record. It costs some nanoseconds a record; whoever needs keys
 * and values uses `RecordCursor`.
 */
import { MalformedRecordError } from './record-cursor.ts'

export interface RecordScan {
  /** Offset deltas are 0, 1, 2, ... */
  sequential: boolean
  /** Zero when there are no records. */
  minTimestampDelta: number
  maxTimestampDelta: number
  /** Number of records whose key is null. */
  withoutKey: number
}

/** Where the varint that `slowVarint` or `slowVarlong` read last ended. */
let varintEnd = 0

/** Throws `MalformedRecordError` unless `bytes` are exactly `count` well-formed records. */
export function scanRecords(bytes: Uint8Array, count: number): RecordScan {
  const size = bytes.length
  let sequential = true
  let withoutKey = 0
  let minDelta = Number.POSITIVE_INFINITY
  let maxDelta = Number.NEGATIVE_INFINITY
  let at = 0
  for (let index = 0; index < count; index++) {
    let byte = bytes[at]!
    let length: number
    if (byte < 0x80) {
      length = (byte >>> 1) ^ -(byte & 1)
      at++
    } else {
      length = slowVarint(bytes, at)
      at = varintEnd
    }
    const end = at + length
    if (length < 0 || end > size) fail(index, count, `a length of ${length} bytes`)
    at++ // attributes, unused
    byte = bytes[at]!
    let delta: number
    if (byte < 0x80) {
      delta = (byte >>> 1) ^ -(byte & 1)
      at++
    } else {
      delta = slowVarlong(bytes, at)
      at = varintEnd
    }
    if (delta < minDelta) minDelta = delta
    if (delta > maxDelta) maxDelta = delta
    byte = bytes[at]!
    let offsetDelta: number
    if (byte < 0x80) {
      offsetDelta = (byte >>> 1) ^ -(byte & 1)
      at++
    } else {
      offsetDelta = slowVarint(bytes, at)
      at = varintEnd
    }
    if (offsetDelta !== index) sequential = false
    byte = bytes[at]!
    let keyLength: number
    if (byte < 0x80) {
      keyLength = (byte >>> 1) ^ -(byte & 1)
      at++
    } else {
      keyLength = slowVarint(bytes, at)
      at = varintEnd
    }
    if (keyLength >= 0) at += keyLength
    else if (keyLength === -1) withoutKey++
    else fail(index, count, `a key of ${keyLength} bytes`)
    byte = bytes[at]!
    let valueLength: number
    if (byte < 0x80) {
      valueLength = (byte >>> 1) ^ -(byte & 1)
      at++
    } else {
      valueLength = slowVarint(bytes, at)
      at = varintEnd
    }
    if (valueLength >= 0) at += valueLength
    else if (valueLength !== -1) fail(index, count, `a value of ${valueLength} bytes`)
    byte = bytes[at]!
    if (byte === 0) at++
    else at = skipHeaders(bytes, at, end, index, count)
    // Every step went forward, so ending here means that no field left its record.
    if (at !== end) fail(index, count, 'fields that do not fill its length')
  }
  if (at !== size) fail(count, count, 'bytes behind it')
  if (count === 0) return { sequential, withoutKey, minTimestampDelta: 0, maxTimestampDelta: 0 }
  return { sequential, withoutKey, minTimestampDelta: minDelta, maxTimestampDelta: maxDelta }
}

function skipHeaders(
  bytes: Uint8Array,
  start: number,
  end: number,
  index: number,
  count: number,
): number {
  let headers = slowVarint(bytes, start)
  let at = varintEnd
  if (headers < 0) fail(index, count, `${headers} headers`)
  for (; headers > 0; headers--) {
    const keyLength = slowVarint(bytes, at)
    if (keyLength < 0) fail(index, count, 'a header without a key')
    at = varintEnd + keyLength
    const valueLength = slowVarint(bytes, at)
    if (valueLength < -1) fail(index, count, `a header value of ${valueLength} bytes`)
    at = varintEnd + (valueLength === -1 ? 0 : valueLength)
    if (at > end) fail(index, count, 'headers that leave it')
  }
  return at
}

function slowVarint(bytes: Uint8Array, start: number): number {
  let raw = 0
  let at = start
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[at++]
    if (byte === undefined) break
    raw |= (byte & 0x7f) << shift
    if (byte < 0x80) {
      varintEnd = at
      return (raw >>> 1) ^ -(raw & 1)
    }
  }
  throw new MalformedRecordError('a varint that does not end')
}

/** Zig-zag int64, exact to 2^53. */
function slowVarlong(bytes: Uint8Array, start: number): number {
  let low = 0
  let high = 0
  let at = start
  for (let n = 0; n < 10; n++) {
    const byte = bytes[at++]
    if (byte === undefined) break
    if (n < 4) low |= (byte & 0x7f) << (7 * n)
    else high += (byte & 0x7f) * 2 ** (7 * (n - 4))
    if (byte < 0x80) {
      varintEnd = at
      const half = high * 134217728 + (low >>> 1)
      return (low & 1) === 1 ? -half - 1 : half
    }
  }
  throw new MalformedRecordError('a varlong that does not end')
}

function fail(index: number, count: number, what: string): never {
  throw new MalformedRecordError(`record ${index} of ${count} has ${what}`)
}
