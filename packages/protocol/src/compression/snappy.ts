/**
 * Snappy as it stands in record batches: blocks of 32 KiB in the stream format of the Java library
 * (magic, two versions, then each block with its length). Raw blocks without that framing, which other
 * clients have written, are read as well.
 */
import type { CompressionCodec } from './codec.ts'
import { DecompressionLimitError, MalformedCompressionError } from './errors.ts'
import { SNAPPY_BLOCK_BYTES } from './limits.ts'
import { compressRaw, decompressRaw, rawLength } from './snappy-raw.ts'

/** Byte 0x82, `SNAPPY`, byte 0; then version 1 and lowest compatible version 1 as int32. */
const STREAM_HEADER = Buffer.from('82534e41505059000000000100000001', 'hex')
const STREAM_MAGIC = STREAM_HEADER.subarray(0, 8)
/** The first four bytes of the magic where a block length may stand: a stream appended to a stream. */
const MAGIC_AS_LENGTH = STREAM_HEADER.readInt32BE(0)

export const snappy: CompressionCodec = {
  type: 'snappy',
  code: 2,
  levels: null,

  compress(bytes) {
    const blocks: Buffer[] = []
    let size = STREAM_HEADER.length
    for (let at = 0; at < bytes.length; at += SNAPPY_BLOCK_BYTES) {
      const block = compressRaw(bytes.subarray(at, at + SNAPPY_BLOCK_BYTES))
      blocks.push(block)
      size += 4 + block.length
    }
    const output = Buffer.allocUnsafe(size)
    let to = STREAM_HEADER.copy(output)
    for (const block of blocks) {
      to = output.writeInt32BE(block.length, to)
      to += block.copy(output, to)
    }
    return output
  },

  decompress(bytes, maxBytes) {
    if (bytes.length === 0) throw new MalformedCompressionError('snappy data without a length')
    if (!STREAM_MAGIC.equals(bytes.subarray(0, STREAM_MAGIC.length))) {
      if (rawLength(bytes) > maxBytes) throw new DecompressionLimitError('snappy', maxBytes)
      return decompressRaw(bytes)
    }
    const { blocks, size } = blocksOf(bytes, maxBytes)
    if (blocks.length === 1) return decompressRaw(blocks[0]!)
    const output = Buffer.allocUnsafe(size)
    let to = 0
    for (const block of blocks) to += decompressRaw(block).copy(output, to)
    return output
  },
}

/** The blocks of a stream and the size they announce together, which is bounded before any is decoded. */
function blocksOf(bytes: Buffer, maxBytes: number): { blocks: Buffer[]; size: number } {
  const blocks: Buffer[] = []
  let size = 0
  let at = STREAM_HEADER.length
  if (bytes.length < at) throw new MalformedCompressionError('a snappy stream cut in its header')
  while (at < bytes.length) {
    if (at + 4 > bytes.length)
      throw new MalformedCompressionError('a snappy stream cut in a length')
    const length = bytes.readInt32BE(at)
    at += 4
    if (length === MAGIC_AS_LENGTH) {
      at += STREAM_HEADER.length - 4
      continue
    }
    if (length <= 0 || at + length > bytes.length) {
      throw new MalformedCompressionError(`a snappy block of ${length} bytes`)
    }
    const block = bytes.subarray(at, at + length)
    size += rawLength(block)
    if (size > maxBytes) throw new DecompressionLimitError('snappy', maxBytes)
    blocks.push(block)
    at += length
  }
  return { blocks, size }
}
