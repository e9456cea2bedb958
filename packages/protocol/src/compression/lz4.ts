/**
 * LZ4 frames as record batches carry them: independent blocks of 64 KiB, no content size, a header
 * checksum. Read are all block sizes, optional checksums and several frames in a row; linked blocks and
 * dictionaries are refused as Apache Kafka refuses them, since its consumers could not read them.
 *
 * Kafka 0.8 and 0.9 computed the header checksum over the magic number too. Message sets of magic 0 are
 * written so to this day, and their readers do not check it: `lz4Legacy`.
 */
import { type CompressionCodec, type CompressionLevels, levelOf } from './codec.ts'
import { DecompressionLimitError, MalformedCompressionError } from './errors.ts'
import { LZ4_BLOCK_BYTES, LZ4_NATIVE_MIN_BYTES } from './limits.ts'
import { compressBlock, decompressBlock, LZ4_FAST_LEVEL } from './lz4-block.ts'
import { loadNative } from './native.ts'
import { xxhash32 } from './xxhash32.ts'

interface NativeLz4 {
  decompressFrameSync(bytes: Uint8Array): Buffer
}

const native = loadNative<NativeLz4>('lz4-napi')

const LEVELS: CompressionLevels = { min: 1, max: 17, default: LZ4_FAST_LEVEL }

const MAGIC = 0x184d2204
/** Version 1, independent blocks. */
const FLAGS = 0x60
/** Blocks of 64 KiB. */
const BLOCK_DESCRIPTOR = 0x40
const HEADER_BYTES = 7
const STORED_FLAG = 0x80000000
/** No sequence of an LZ4 block makes more than this many bytes of one. */
const MAX_EXPANSION = 255

const INDEPENDENT_FLAG = 0x20
const BLOCK_CHECKSUM_FLAG = 0x10
const CONTENT_SIZE_FLAG = 0x08
const CONTENT_CHECKSUM_FLAG = 0x04
const DICTIONARY_FLAG = 0x01

interface Frame {
  /** Of the first block's length field. */
  blocksAt: number
  /** After the frame. */
  end: number
  blockBytesMax: number
  blockChecksums: boolean
  contentChecksum: boolean
  /** The content is not larger. */
  bound: number
}

export const lz4: CompressionCodec = {
  type: 'lz4',
  code: 3,
  levels: LEVELS,
  compress: (bytes, level) => writeFrame(bytes, levelOf(LEVELS, level), false),
  decompress: (bytes, maxBytes) => readFrames(bytes, maxBytes, true),
}

/** For message sets of magic 0. */
export const lz4Legacy: CompressionCodec = {
  type: 'lz4',
  code: 3,
  levels: LEVELS,
  compress: (bytes, level) => writeFrame(bytes, levelOf(LEVELS, level), true),
  decompress: (bytes, maxBytes) => readFrames(bytes, maxBytes, false),
}

function writeFrame(bytes: Buffer, level: number, brokenChecksum: boolean): Buffer {
  const blocks = Math.ceil(bytes.length / LZ4_BLOCK_BYTES)
  const output = Buffer.allocUnsafe(HEADER_BYTES + blocks * 4 + bytes.length + 4)
  output.writeUInt32LE(MAGIC, 0)
  output[4] = FLAGS
  output[5] = BLOCK_DESCRIPTOR
  output[6] = (xxhash32(output, brokenChecksum ? 0 : 4, 6) >>> 8) & 0xff
  let to = HEADER_BYTES
  for (let at = 0; at < bytes.length; at += LZ4_BLOCK_BYTES) {
    const content = bytes.subarray(at, at + LZ4_BLOCK_BYTES)
    const block = compressBlock(content, level)
    to = output.writeUInt32LE(block?.length ?? (content.length | STORED_FLAG) >>> 0, to)
    to += (block ?? content).copy(output, to)
  }
  to = output.writeUInt32LE(0, to)
  return output.subarray(0, to)
}

function readFrames(bytes: Buffer, maxBytes: number, checkHeader: boolean): Buffer {
  const frames: Frame[] = []
  let bound = 0
  let at = 0
  do {
    const frame = walkFrame(bytes, at, checkHeader)
    frames.push(frame)
    bound += frame.bound
    at = frame.end
  } while (at < bytes.length)
  const fitsNative = native !== null && checkHeader && frames.length === 1 && bound <= maxBytes
  if (fitsNative && bytes.length >= LZ4_NATIVE_MIN_BYTES) {
    try {
      return native.decompressFrameSync(bytes)
    } catch (error) {
      throw new MalformedCompressionError('an LZ4 frame that does not decode', error)
    }
  }
  const output = Buffer.allocUnsafe(Math.min(bound, maxBytes))
  let to = 0
  for (const frame of frames) {
    to = readBlocks(bytes, frame, output, to)
    if (to < 0) throw new DecompressionLimitError('lz4', maxBytes)
  }
  return output.subarray(0, to)
}

/** Reads a frame's header and the lengths of its blocks, but none of their content. */
function walkFrame(bytes: Buffer, start: number, checkHeader: boolean): Frame {
  if (start + HEADER_BYTES > bytes.length || bytes.readUInt32LE(start) !== MAGIC) {
    throw new MalformedCompressionError('an LZ4 frame without its magic number')
  }
  const flags = bytes[start + 4]!
  const descriptor = bytes[start + 5]!
  if (flags >>> 6 !== 1) throw new MalformedCompressionError(`version ${flags >>> 6} of LZ4 frames`)
  if ((flags & INDEPENDENT_FLAG) === 0 || (flags & DICTIONARY_FLAG) !== 0) {
    throw new MalformedCompressionError('an LZ4 frame with linked blocks or a dictionary')
  }
  const sizeCode = (descriptor >>> 4) & 7
  if (sizeCode < 4) throw new MalformedCompressionError(`LZ4 block size code ${sizeCode}`)
  const checksumAt = start + 6 + ((flags & CONTENT_SIZE_FLAG) === 0 ? 0 : 8)
  if (checksumAt >= bytes.length) throw new MalformedCompressionError('a cut LZ4 frame header')
  const checksum = (xxhash32(bytes, start + 4, checksumAt) >>> 8) & 0xff
  if (checkHeader && bytes[checksumAt] !== checksum) {
    throw new MalformedCompressionError('an LZ4 frame header with a wrong checksum')
  }
  const frame: Frame = {
    blocksAt: checksumAt + 1,
    end: 0,
    blockBytesMax: 1 << (8 + 2 * sizeCode),
    blockChecksums: (flags & BLOCK_CHECKSUM_FLAG) !== 0,
    contentChecksum: (flags & CONTENT_CHECKSUM_FLAG) !== 0,
    bound: 0,
  }
  walkBlocks(bytes, frame)
  return frame
}

function walkBlocks(bytes: Buffer, frame: Frame): void {
  let at = frame.blocksAt
  for (;;) {
    if (at + 4 > bytes.length) throw new MalformedCompressionError('an LZ4 frame without an end')
    const field = bytes.readUInt32LE(at)
    at += 4
    if (field === 0) break
    const stored = field >= STORED_FLAG
    const length = stored ? field - STORED_FLAG : field
    const after = at + length + (frame.blockChecksums ? 4 : 0)
    if (length > frame.blockBytesMax || after > bytes.length) {
      throw new MalformedCompressionError(`an LZ4 block of ${length} bytes`)
    }
    frame.bound += stored ? length : Math.min(frame.blockBytesMax, length * MAX_EXPANSION)
    at = after
  }
  frame.end = at + (frame.contentChecksum ? 4 : 0)
  if (frame.end > bytes.length) throw new MalformedCompressionError('an LZ4 frame without an end')
}

/** Decodes a frame's blocks into `output` from `start`; -1 when they do not fit. */
function readBlocks(bytes: Buffer, frame: Frame, output: Buffer, start: number): number {
  let at = frame.blocksAt
  let to = start
  for (;;) {
    const field = bytes.readUInt32LE(at)
    at += 4
    if (field === 0) break
    const stored = field >= STORED_FLAG
    const end = at + (stored ? field - STORED_FLAG : field)
    const blockLimit = to + frame.blockBytesMax
    if (stored) {
      if (to + (end - at) > output.length) return -1
      to += bytes.copy(output, to, at, end)
    } else {
      const limit = Math.min(output.length, blockLimit)
      to = decompressBlock(bytes, at, end, output, to, limit)
      if (to < 0 && limit === blockLimit) {
        throw new MalformedCompressionError('an LZ4 block larger than its frame allows')
      }
      if (to < 0) return -1
    }
    if (frame.blockChecksums && xxhash32(bytes, at, end) !== bytes.readUInt32LE(end)) {
      throw new MalformedCompressionError('an LZ4 block with a wrong checksum')
    }
    at = end + (frame.blockChecksums ? 4 : 0)
  }
  const checked = frame.contentChecksum
  if (checked && xxhash32(output, start, to) !== bytes.readUInt32LE(frame.end - 4)) {
    throw new MalformedCompressionError('LZ4 content with a wrong checksum')
  }
  return to
}
