/**
 * Blocks of LZ4 frames. Reading is portable code: it writes straight into the target and stops at its
 * end, which bounds forged input exactly. Writing is native where a binary loads, except at levels that
 * ask for more than the fast compressor: those search here, along chains of earlier positions.
 */
import { MalformedCompressionError } from './errors.ts'
import { loadNative } from './native.ts'

interface NativeLz4 {
  /** The block with its uncompressed length (uint32, little endian) in front. */
  compressSync(bytes: Uint8Array): Buffer
}

const native = loadNative<NativeLz4>('lz4-napi')

const NATIVE_PREFIX_BYTES = 4
const MIN_MATCH_BYTES = 4
/** By the format the last five bytes are literals and no match starts in the last twelve. */
const LAST_LITERALS_BYTES = 5
const MATCH_START_MARGIN_BYTES = 12
const WINDOW_BYTES = 65535
const HASH_BITS = 14
/** More steps along a chain find nothing better in blocks of 64 KiB. */
const MAX_ATTEMPTS = 1024

/** Kafka's default level is the fast compressor; each other asks for the thorough one. */
export const LZ4_FAST_LEVEL = 9

/** The compressed block, or null when it would not be smaller than its content. */
export function compressBlock(bytes: Buffer, level: number): Buffer | null {
  if (level === LZ4_FAST_LEVEL && native !== null) {
    const block = native.compressSync(bytes).subarray(NATIVE_PREFIX_BYTES)
    return block.length < bytes.length ? block : null
  }
  return compressBlockPortable(bytes, level)
}

/** The portable writer; at the fast level it looks at one earlier position only. */
export function compressBlockPortable(bytes: Buffer, level: number): Buffer | null {
  const size = bytes.length
  const attempts = level === LZ4_FAST_LEVEL ? 1 : Math.min(2 ** level, MAX_ATTEMPTS)
  const output = Buffer.allocUnsafe(size)
  const heads = new Int32Array(1 << HASH_BITS)
  const chain = new Int32Array(attempts > 1 ? size : 0)
  const matchEnd = size - LAST_LITERALS_BYTES
  let to = 0
  let literal = 0
  let at = 0
  while (at < size - MATCH_START_MARGIN_BYTES) {
    let bestLength = 0
    let bestAt = 0
    let candidate = link(bytes, at, heads, chain)
    for (let n = attempts; n > 0 && candidate >= 0 && at - candidate <= WINDOW_BYTES; n--) {
      const length = matchLength(bytes, candidate, at, matchEnd)
      if (length > bestLength) {
        bestLength = length
        bestAt = candidate
      }
      candidate = attempts > 1 ? chain[candidate]! - 1 : -1
    }
    if (bestLength < MIN_MATCH_BYTES) {
      at++
      continue
    }
    to = putSequence(bytes, literal, at, bestLength, at - bestAt, output, to)
    if (to < 0) return null
    if (attempts > 1) {
      const stop = Math.min(at + bestLength, size - MATCH_START_MARGIN_BYTES)
      for (let n = at + 1; n < stop; n++) link(bytes, n, heads, chain)
    }
    at += bestLength
    literal = at
  }
  to = putSequence(bytes, literal, size, 0, 0, output, to)
  return to < 0 ? null : output.subarray(0, to)
}

/** Enters `at` into the table and gives the position that stood there before, -1 for none. */
function link(bytes: Buffer, at: number, heads: Int32Array, chain: Int32Array): number {
  const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
  const slot = Math.imul(word, PRIME) >>> (32 - HASH_BITS)
  const before = heads[slot]!
  heads[slot] = at + 1
  if (chain.length > 0) chain[at] = before
  return before - 1
}

const PRIME = 0x9e3779b1

function matchLength(bytes: Buffer, candidate: number, at: number, end: number): number {
  let length = 0
  while (at + length < end && bytes[candidate + length] === bytes[at + length]) length++
  return length
}

/** Literals and a match (`matchBytes` 0: the last sequence). -1 when the block would not be smaller. */
function putSequence(
  bytes: Buffer,
  literal: number,
  end: number,
  matchBytes: number,
  offset: number,
  output: Buffer,
  at: number,
): number {
  const literalBytes = end - literal
  const needed = 1 + literalBytes + Math.floor(literalBytes / 255) + matchBytes / 255 + 4
  if (at + needed >= output.length) return -1
  const extra = matchBytes === 0 ? 0 : matchBytes - MIN_MATCH_BYTES
  let to = at
  output[to++] = (Math.min(literalBytes, 15) << 4) | Math.min(extra, 15)
  if (literalBytes >= 15) to = putLength(literalBytes - 15, output, to)
  to += bytes.copy(output, to, literal, end)
  if (matchBytes === 0) return to
  output[to++] = offset & 0xff
  output[to++] = offset >>> 8
  return extra >= 15 ? putLength(extra - 15, output, to) : to
}

function putLength(length: number, output: Buffer, at: number): number {
  let to = at
  let left = length
  for (; left >= 255; left -= 255) output[to++] = 255
  output[to++] = left
  return to
}

/**
 * Decodes the block between `from` and `end` into `output` at `to`, and returns where it ended, or -1
 * when the content does not fit before `limit`.
 */
export function decompressBlock(
  bytes: Buffer,
  from: number,
  end: number,
  output: Buffer,
  start: number,
  limit: number,
): number {
  let at = from
  let to = start
  while (at < end) {
    const token = bytes[at++]!
    let length = token >>> 4
    if (length === 15) {
      let more: number
      do {
        if (at >= end) malformed()
        more = bytes[at++]!
        length += more
      } while (more === 255)
    }
    if (at + length > end) malformed()
    if (to + length > limit) return -1
    if (length > 24) bytes.copy(output, to, at, at + length)
    else for (let n = 0; n < length; n++) output[to + n] = bytes[at + n]!
    at += length
    to += length
    if (at === end) return to
    if (at + 2 > end) malformed()
    const offset = bytes[at]! | (bytes[at + 1]! << 8)
    at += 2
    if (offset === 0 || offset > to - start) malformed()
    length = token & 15
    if (length === 15) {
      let more: number
      do {
        if (at >= end) malformed()
        more = bytes[at++]!
        length += more
      } while (more === 255)
    }
    length += MIN_MATCH_BYTES
    if (to + length > limit) return -1
    const source = to - offset
    if (length > 48 && offset >= length) output.copyWithin(to, source, source + length)
    else for (let n = 0; n < length; n++) output[to + n] = output[source + n]!
    to += length
  }
  return malformed()
}

function malformed(): never {
  throw new MalformedCompressionError('an LZ4 block that does not decode')
}
