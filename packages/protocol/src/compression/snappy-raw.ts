/**
 * The raw snappy format: one block with its length in front. A native implementation where there is a
 * binary for the platform, else the portable one below, which is also the reference in tests.
 */
import { MalformedCompressionError } from './errors.ts'
import { loadNative } from './native.ts'

interface NativeSnappy {
  compressSync(bytes: Uint8Array): Buffer
  uncompressSync(bytes: Uint8Array, options: { asBuffer: true }): Buffer
}

const native = loadNative<NativeSnappy>('snappy')

/** Longest hash table of the portable writer, as a power of two. */
const HASH_BITS = 14
/** The portable writer never looks back further: two-byte offsets suffice. */
const WINDOW_BYTES = 65535
const MIN_MATCH_BYTES = 4

export function compressRaw(bytes: Buffer): Buffer {
  return native === null ? compressRawPortable(bytes) : native.compressSync(bytes)
}

/** The caller has checked `rawLength` against its limit. */
export function decompressRaw(bytes: Buffer): Buffer {
  if (native === null) return decompressRawPortable(bytes)
  try {
    return native.uncompressSync(bytes, { asBuffer: true })
  } catch (error) {
    throw new MalformedCompressionError('snappy data that does not decode', error)
  }
}

/** Uncompressed size that a raw block announces; decoders produce exactly that or fail. */
export function rawLength(bytes: Buffer): number {
  let length = 0
  for (let n = 0; n < 5; n++) {
    const byte = bytes[n]
    if (byte === undefined) break
    length += (byte & 0x7f) * 2 ** (7 * n)
    if (byte < 0x80) return length
  }
  throw new MalformedCompressionError('snappy data without a length')
}

export function decompressRawPortable(bytes: Buffer): Buffer {
  const size = rawLength(bytes)
  const output = Buffer.allocUnsafe(size)
  let from = preambleBytes(size)
  let to = 0
  while (from < bytes.length) {
    const tag = bytes[from++]!
    let length: number
    if ((tag & 3) === 0) {
      length = (tag >>> 2) + 1
      if (length > 60) {
        const lengthBytes = length - 60
        if (from + lengthBytes > bytes.length) malformed()
        length = bytes.readUIntLE(from, lengthBytes) + 1
        from += lengthBytes
      }
      if (from + length > bytes.length || to + length > size) malformed()
      bytes.copy(output, to, from, from + length)
      from += length
      to += length
      continue
    }
    let offset: number
    if ((tag & 3) === 1) {
      length = ((tag >>> 2) & 7) + 4
      if (from + 1 > bytes.length) malformed()
      offset = ((tag >>> 5) << 8) | bytes[from]!
      from += 1
    } else {
      const offsetBytes = (tag & 3) === 2 ? 2 : 4
      length = (tag >>> 2) + 1
      if (from + offsetBytes > bytes.length) malformed()
      offset = bytes.readUIntLE(from, offsetBytes)
      from += offsetBytes
    }
    if (offset === 0 || offset > to || to + length > size) malformed()
    for (const end = to + length; to < end; to++) output[to] = output[to - offset]!
  }
  if (to !== size) malformed()
  return output
}

/** Greedy matches of four bytes and more through one hash table. */
export function compressRawPortable(bytes: Buffer): Buffer {
  const size = bytes.length
  // A literal costs one to five bytes in front; matches never cost more than they save.
  const output = Buffer.allocUnsafe(size + Math.ceil(size / 60) + 16)
  let to = putPreamble(output, size)
  const table = new Int32Array(1 << HASH_BITS)
  let literal = 0
  let at = 0
  while (at + MIN_MATCH_BYTES <= size) {
    const word = bytes.readInt32LE(at)
    const slot = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS)
    const candidate = table[slot]! - 1
    table[slot] = at + 1
    if (candidate < 0 || at - candidate > WINDOW_BYTES || bytes.readInt32LE(candidate) !== word) {
      at++
      continue
    }
    to = putLiteral(bytes, literal, at, output, to)
    let length = MIN_MATCH_BYTES
    while (at + length < size && bytes[candidate + length] === bytes[at + length]) length++
    to = putCopies(at - candidate, length, output, to)
    at += length
    literal = at
  }
  to = putLiteral(bytes, literal, size, output, to)
  return output.subarray(0, to)
}

function putLiteral(bytes: Buffer, from: number, end: number, output: Buffer, at: number): number {
  const length = end - from
  if (length === 0) return at
  let to = at
  if (length <= 60) output[to++] = (length - 1) << 2
  else {
    const lengthBytes = length <= 256 ? 1 : length <= 65536 ? 2 : length <= 16777216 ? 3 : 4
    output[to++] = (59 + lengthBytes) << 2
    to = output.writeUIntLE(length - 1, to, lengthBytes)
  }
  bytes.copy(output, to, from, end)
  return to + length
}

function putCopies(offset: number, length: number, output: Buffer, at: number): number {
  let to = at
  for (let left = length; left > 0; ) {
    const part = Math.min(left, 64)
    output[to++] = ((part - 1) << 2) | 2
    output[to++] = offset & 0xff
    output[to++] = offset >>> 8
    left -= part
  }
  return to
}

function putPreamble(output: Buffer, size: number): number {
  let at = 0
  let left = size
  for (; left >= 0x80; left = Math.floor(left / 0x80)) output[at++] = (left % 0x80) | 0x80
  output[at++] = left
  return at
}

function preambleBytes(size: number): number {
  return size < 2 ** 7 ? 1 : size < 2 ** 14 ? 2 : size < 2 ** 21 ? 3 : size < 2 ** 28 ? 4 : 5
}

function malformed(): never {
  throw new MalformedCompressionError('snappy data that does not decode')
}
