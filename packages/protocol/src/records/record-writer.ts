/**
 * Encodes records (magic 2) one after another into one growing buffer, without an object for each. Space
 * for a batch header is kept in front, so that an uncompressed batch is complete in place.
 */
import { BATCH_HEADER_BYTES } from './layout.ts'
import { BUILDER_INITIAL_BYTES } from './limits.ts'
import type { RecordHeader } from './record-cursor.ts'

/** Length, attributes, timestamp and offset deltas, lengths of key and value, header count at their largest. */
const RECORD_OVERHEAD_BYTES_MAX = 5 + 1 + 10 + 5 + 5 + 5 + 5
const HEADER_OVERHEAD_BYTES_MAX = 10

/** Up to this many bytes a loop copies faster than a call does (measured). */
const COPY_LOOP_BYTES_MAX = 32

/** From here on zig-zag values are not exact in a number any more. */
const TWO_52 = 4503599627370496

export class RecordWriter {
  /** The header's space and the records so far; only the first `size` bytes are written. */
  buffer: Buffer
  size: number = BATCH_HEADER_BYTES

  constructor(initialBytes: number = BUILDER_INITIAL_BYTES) {
    this.buffer = Buffer.allocUnsafe(Math.max(initialBytes, BATCH_HEADER_BYTES))
  }

  /** The records written, a view. */
  get records(): Buffer {
    return this.buffer.subarray(BATCH_HEADER_BYTES, this.size)
  }

  append(
    offsetDelta: number,
    timestampDelta: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[],
  ): void {
    const bodyBytes = recordBodyBytes(offsetDelta, timestampDelta, key, value, headers)
    this.reserve(bodyBytes + 5)
    const { buffer } = this
    let at = putVarint(buffer, this.size, bodyBytes)
    buffer[at++] = 0 // attributes, unused
    at = putVarlong(buffer, at, timestampDelta)
    at = putVarint(buffer, at, offsetDelta)
    at = putBytes(buffer, at, key)
    at = putBytes(buffer, at, value)
    at = putVarint(buffer, at, headers.length)
    for (let n = 0; n < headers.length; n++) {
      const header = headers[n]!
      at = putVarint(buffer, at, Buffer.byteLength(header.key))
      at += buffer.write(header.key, at)
      at = putBytes(buffer, at, header.value)
    }
    this.size = at
  }

  private reserve(bytes: number): void {
    const needed = this.size + bytes
    if (needed <= this.buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(needed, this.buffer.length * 2))
    this.buffer.copy(grown, 0, 0, this.size)
    this.buffer = grown
  }
}

function putBytes(buffer: Buffer, start: number, bytes: Uint8Array | null): number {
  if (bytes === null) return putVarint(buffer, start, -1)
  const { length } = bytes
  const at = putVarint(buffer, start, length)
  if (length > COPY_LOOP_BYTES_MAX) buffer.set(bytes, at)
  else for (let n = 0; n < length; n++) buffer[at + n] = bytes[n]!
  return at + length
}

function putVarint(buffer: Buffer, start: number, value: number): number {
  let raw = ((value << 1) ^ (value >> 31)) >>> 0
  let at = start
  while (raw > 0x7f) {
    buffer[at++] = (raw & 0x7f) | 0x80
    raw >>>= 7
  }
  buffer[at++] = raw
  return at
}

function putVarlong(buffer: Buffer, start: number, value: number): number {
  if (value >= -0x40000000 && value < 0x40000000) return putVarint(buffer, start, value)
  if (value >= TWO_52 || value < -TWO_52) return putHugeVarlong(buffer, start, BigInt(value))
  let raw = value >= 0 ? value * 2 : -value * 2 - 1
  let at = start
  while (raw > 0x7f) {
    buffer[at++] = (raw % 0x80) | 0x80
    raw = Math.floor(raw / 0x80)
  }
  buffer[at++] = raw
  return at
}

function putHugeVarlong(buffer: Buffer, start: number, value: bigint): number {
  let raw = value >= 0n ? value * 2n : -value * 2n - 1n
  let at = start
  while (raw > 0x7fn) {
    buffer[at++] = Number(raw & 0x7fn) | 0x80
    raw >>= 7n
  }
  buffer[at++] = Number(raw)
  return at
}

/** Bytes of a record after its length field. */
function recordBodyBytes(
  offsetDelta: number,
  timestampDelta: number,
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: readonly RecordHeader[],
): number {
  let size = 1 + varintBytes(timestampDelta) + varintBytes(offsetDelta)
  size += fieldBytes(key) + fieldBytes(value) + varintBytes(headers.length)
  for (let n = 0; n < headers.length; n++) {
    const header = headers[n]!
    const keyBytes = Buffer.byteLength(header.key)
    size += varintBytes(keyBytes) + keyBytes + fieldBytes(header.value)
  }
  return size
}

function fieldBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varintBytes(bytes.length) + bytes.length
}

/** Size of the zig-zag varint or varlong. */
function varintBytes(value: number): number {
  let magnitude = value >= 0 ? value : -value - 1
  if (magnitude < 0x40) return 1
  if (magnitude < 0x2000) return 2
  let size = 3
  for (magnitude /= 16384; magnitude >= 0x40; magnitude /= 128) size++
  return size
}

/** No record of this content is larger, whatever its offset and timestamp. */
export function recordBytesMax(
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: readonly RecordHeader[] = [],
): number {
  let size = RECORD_OVERHEAD_BYTES_MAX + (key?.length ?? 0) + (value?.length ?? 0)
  for (const header of headers) {
    size += HEADER_OVERHEAD_BYTES_MAX + Buffer.byteLength(header.key) + (header.value?.length ?? 0)
  }
  return size
}
