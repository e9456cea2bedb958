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

/** Where the number that a function below read last ended. */
let wideEnd = 0

/** Throws `MalformedRecordError` unless `bytes` are exactly `count` well-formed records. */
export function scanRecords(bytes: Uint8Array, count: number): RecordScan {
  const size = bytes.length
  let sequential = true
  let withoutKey = 0
  let minTimestampDelta = 0
  let maxTimestampDelta = 0
  let at = 0
  // Numbers of one and two bytes are decoded in place: that is what makes the walk fast. Reading beyond
  // the end gives zeros and leaves `at` beyond it, which the checks below then refuse.
  for (let index = 0; index < count; index++) {
    let value = bytes[at++]!
    if (value >= 0x80) {
      value = (value & 0x7f) | (bytes[at]! << 7)
      if (bytes[at++]! >= 0x80) {
        value = restOfVarint(bytes, at, value)
        at = wideEnd
      }
    }
    const length = (value >>> 1) ^ -(value & 1)
    const end = at + length
    if (length < 0 || end > size) fail(index, `a length of ${length} bytes`)
    value = bytes[++at]! // past the attributes, which are not in use
    let delta = (value >>> 1) ^ -(value & 1)
    if (value >= 0x80) {
      delta = wideVarlong(bytes, at)
      at = wideEnd
    } else at++
    if (delta < minTimestampDelta || index === 0) minTimestampDelta = delta
    if (delta > maxTimestampDelta || index === 0) maxTimestampDelta = delta
    value = bytes[at++]!
    if (value >= 0x80) {
      value = (value & 0x7f) | (bytes[at]! << 7)
      if (bytes[at++]! >= 0x80) {
        value = restOfVarint(bytes, at, value)
        at = wideEnd
      }
    }
    if (((value >>> 1) ^ -(value & 1)) !== index) sequential = false
    for (let field = 0; field < 2; field++) {
      value = bytes[at++]!
      if (value >= 0x80) {
        value = (value & 0x7f) | (bytes[at]! << 7)
        if (bytes[at++]! >= 0x80) {
          value = restOfVarint(bytes, at, value)
          at = wideEnd
        }
      }
      if ((value & 1) === 0) at += value >>> 1
      else if (value !== 1) fail(index, 'a key or value of negative length')
      else if (field === 0) withoutKey++
    }
    if (bytes[at] === 0) at++
    else at = skipHeaders(bytes, at, end, index)
    // Every step went forward, so ending here means that no field left its record.
    if (at !== end) fail(index, 'fields that do not fill its length')
  }
  if (at !== size) fail(count, 'bytes behind it')
  return { sequential, withoutKey, minTimestampDelta, maxTimestampDelta }
}

function skipHeaders(bytes: Uint8Array, start: number, end: number, index: number): number {
  let headers = varint(bytes, start)
  let at = wideEnd
  if (headers < 0) fail(index, `${headers} headers`)
  for (; headers > 0; headers--) {
    const keyLength = varint(bytes, at)
    if (keyLength < 0) fail(index, 'a header without a key')
    const valueLength = varint(bytes, wideEnd + keyLength)
    if (valueLength < -1) fail(index, `a header value of ${valueLength} bytes`)
    at = wideEnd + (valueLength === -1 ? 0 : valueLength)
    if (at > end) fail(index, 'headers that leave it')
  }
  return at
}

function varint(bytes: Uint8Array, start: number): number {
  const first = bytes[start]!
  wideEnd = start + 1
  if (first < 0x80) return (first >>> 1) ^ -(first & 1)
  const second = bytes[start + 1]!
  wideEnd = start + 2
  let raw = (first & 0x7f) | (second << 7)
  if (second >= 0x80) raw = restOfVarint(bytes, start + 2, raw)
  return (raw >>> 1) ^ -(raw & 1)
}

/** The third to fifth byte of a varint; `low` has those before, not yet zig-zag decoded. */
function restOfVarint(bytes: Uint8Array, start: number, low: number): number {
  let raw = low & 0x3fff
  let at = start
  for (let shift = 14; shift < 35; shift += 7) {
    const byte = bytes[at++]
    if (byte === undefined) break
    raw |= (byte & 0x7f) << shift
    if (byte < 0x80) {
      wideEnd = at
      return raw
    }
  }
  throw new MalformedRecordError('a varint that does not end')
}

/** Zig-zag int64, exact to 2^53. */
function wideVarlong(bytes: Uint8Array, start: number): number {
  let low = 0
  let at = start
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = bytes[at++]
    if (byte === undefined) break
    low |= (byte & 0x7f) << shift
    if (byte < 0x80) {
      wideEnd = at
      return (low >>> 1) ^ -(low & 1)
    }
  }
  return hugeVarlong(bytes, at, low)
}

/** The fifth to tenth byte; `low` has the 28 bits before them. */
function hugeVarlong(bytes: Uint8Array, start: number, low: number): number {
  let high = 0
  let weight = 1
  let at = start
  for (let n = 0; n < 6; n++) {
    const byte = bytes[at++]
    if (byte === undefined) break
    high += (byte & 0x7f) * weight
    weight *= 128
    if (byte < 0x80) {
      wideEnd = at
      const half = high * 134217728 + (low >>> 1)
      return (low & 1) === 1 ? -half - 1 : half
    }
  }
  throw new MalformedRecordError('a varlong that does not end')
}

function fail(index: number, what: string): never {
  throw new MalformedRecordError(`record ${index} has ${what}`)
}
