/**
 * The outer structure of zstd data: frames, blocks and what they can at most decode to, read without
 * decoding anything. The libraries at hand have no limit of their own, and a frame's content size is a
 * claim that they check only after the last block.
 */
import { MalformedCompressionError } from './errors.ts'
import { ZSTD_BLOCK_BYTES_MAX } from './limits.ts'

const MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50
/** The longest match one sequence of a block may copy. */
const MAX_MATCH_BYTES = 131074

const RAW_BLOCK = 0
const RLE_BLOCK = 1
const COMPRESSED_BLOCK = 2

export interface ZstdFrame {
  start: number
  end: number
  /** Where its first block stands. */
  blocksAt: number
  /** The decoded content is not larger. */
  bound: number
  /** What the frame claims, null where it does not say. */
  contentBytes: number | null
  windowBytes: number
  hasChecksum: boolean
}

/** The frames of `bytes` in order; skippable ones are left out. */
export function zstdFrames(bytes: Buffer): ZstdFrame[] {
  const frames: ZstdFrame[] = []
  let at = 0
  while (at < bytes.length) {
    if (at + 4 > bytes.length) malformed('a cut magic number')
    const magic = bytes.readUInt32LE(at)
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
      if (at + 8 > bytes.length) malformed('a cut skippable frame')
      at += 8 + bytes.readUInt32LE(at + 4)
      if (at > bytes.length) malformed('a cut skippable frame')
      continue
    }
    if (magic !== MAGIC) malformed('no magic number')
    const frame = readHeader(bytes, at)
    walkBlocks(bytes, frame)
    frames.push(frame)
    at = frame.end
  }
  return frames
}

function readHeader(bytes: Buffer, start: number): ZstdFrame {
  const descriptor = bytes[start + 4]
  if (descriptor === undefined) return malformed('a cut frame header')
  const single = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >>> 6]!
  const windowAt = start + 5
  const sizeAt = windowAt + (single ? 0 : 1) + dictionaryBytes
  const blocksAt = sizeAt + sizeBytes
  if (blocksAt > bytes.length) malformed('a cut frame header')
  let contentBytes: number | null = null
  if (sizeBytes === 1) contentBytes = bytes[sizeAt]!
  else if (sizeBytes === 2) contentBytes = bytes.readUInt16LE(sizeAt) + 256
  else if (sizeBytes === 4) contentBytes = bytes.readUInt32LE(sizeAt)
  else if (sizeBytes === 8) {
    contentBytes = bytes.readUInt32LE(sizeAt) + bytes.readUInt32LE(sizeAt + 4) * 2 ** 32
  }
  let windowBytes = contentBytes ?? 0
  if (!single) {
    const window = bytes[windowAt]!
    const base = 2 ** (10 + (window >>> 3))
    windowBytes = base + (base / 8) * (window & 7)
  }
  const hasChecksum = (descriptor & 4) !== 0
  return { start, end: 0, blocksAt, bound: 0, contentBytes, windowBytes, hasChecksum }
}

function walkBlocks(bytes: Buffer, frame: ZstdFrame): void {
  let at = frame.blocksAt
  for (let last = false; !last; ) {
    if (at + 3 > bytes.length) malformed('a frame without its last block')
    const field = bytes.readUIntLE(at, 3)
    at += 3
    last = (field & 1) !== 0
    const type = (field >>> 1) & 3
    const size = field >>> 3
    const stored = type === RLE_BLOCK ? 1 : size
    if (type > COMPRESSED_BLOCK) malformed('a block of the reserved type')
    if (at + stored > bytes.length) malformed('a cut block')
    if (type === RAW_BLOCK || type === RLE_BLOCK) frame.bound += size
    else frame.bound += compressedBound(bytes, at, at + size, frame.windowBytes)
    at += stored
  }
  frame.end = at + (frame.hasChecksum ? 4 : 0)
  if (frame.end > bytes.length) malformed('a frame without its checksum')
}

/** By the number of its literals and sequences, and by the format's limit. */
function compressedBound(bytes: Buffer, start: number, end: number, windowBytes: number): number {
  const limit = Math.min(ZSTD_BLOCK_BYTES_MAX, windowBytes)
  if (end - start < 2) return limit
  const first = bytes[start]!
  const format = (first >>> 2) & 3
  let literals: number
  let at: number
  if ((first & 3) < 2) {
    // Raw or one repeated byte: only the size stands in front.
    const headerBytes = format === 1 ? 2 : format === 3 ? 3 : 1
    if (start + headerBytes >= end) return limit
    const field = bytes.readUIntLE(start, headerBytes)
    literals = headerBytes === 1 ? field >>> 3 : field >>> 4
    at = start + headerBytes + ((first & 3) === 0 ? literals : 1)
  } else {
    const headerBytes = format < 2 ? 3 : format + 2
    if (start + headerBytes >= end) return limit
    const bits = format < 2 ? 10 : format === 2 ? 14 : 18
    const field = bytes.readUIntLE(start, headerBytes)
    literals = Math.floor(field / 16) % 2 ** bits
    at = start + headerBytes + (Math.floor(field / 2 ** (4 + bits)) % 2 ** bits)
  }
  const sequences = sequenceCount(bytes, at, end)
  return sequences < 0 ? limit : Math.min(limit, literals + sequences * MAX_MATCH_BYTES)
}

/** -1 when the count does not stand before `end`: such a block does not decode. */
function sequenceCount(bytes: Buffer, at: number, end: number): number {
  if (at >= end) return -1
  const first = bytes[at]!
  if (first < 128) return first
  if (first < 255) return at + 1 < end ? ((first - 128) << 8) + bytes[at + 1]! : -1
  return at + 2 < end ? bytes[at + 1]! + (bytes[at + 2]! << 8) + 0x7f00 : -1
}

function malformed(what: string): never {
  throw new MalformedCompressionError(`zstd data with ${what}`)
}
