/**
 * zstd by `node:zlib` where Node has it (22.15 and later), else by a native package. Neither is asked to
 * decode before the structure of the frames shows that the result is bounded.
 */
import * as zlib from 'node:zlib'
import { type CompressionCodec, type CompressionLevels, levelOf } from './codec.ts'
import { CodecMissingError, DecompressionLimitError, MalformedCompressionError } from './errors.ts'
import { ZSTD_BLOCK_BYTES_MAX } from './limits.ts'
import { loadNative } from './native.ts'
import { zstdFrames } from './zstd-frame.ts'

const LEVELS: CompressionLevels = { min: -131072, max: 22, default: 3 }

interface Engine {
  compress(bytes: Buffer, level: number): Buffer
  decompress(bytes: Buffer): Buffer
}

const engine = builtInEngine() ?? packageEngine()

export const zstd: CompressionCodec = {
  type: 'zstd',
  code: 4,
  levels: LEVELS,

  compress(bytes, level) {
    if (engine === null) return missing()
    return engine.compress(bytes, levelOf(LEVELS, level))
  },

  decompress(bytes, maxBytes) {
    if (engine === null) return missing()
    const frames = zstdFrames(bytes)
    if (frames.length === 0) throw new MalformedCompressionError('zstd data without a frame')
    let bound = 0
    let claimed = 0
    for (const frame of frames) {
      bound += frame.bound
      claimed += frame.contentBytes ?? 0
    }
    // A writer that does not state the size fills every block but the last of a frame.
    const slack = frames.length * ZSTD_BLOCK_BYTES_MAX
    if (claimed > maxBytes || bound > maxBytes + slack) {
      throw new DecompressionLimitError('zstd', maxBytes)
    }
    const parts: Buffer[] = []
    let size = 0
    for (const frame of frames) {
      const part = decodeFrame(engine, bytes.subarray(frame.start, frame.end))
      size += part.length
      if (size > maxBytes) throw new DecompressionLimitError('zstd', maxBytes)
      parts.push(part)
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts, size)
  },
}

function decodeFrame(using: Engine, bytes: Buffer): Buffer {
  try {
    return using.decompress(bytes)
  } catch (error) {
    throw new MalformedCompressionError('zstd data that does not decode', error)
  }
}

interface ZlibWithZstd {
  zstdCompressSync?: (bytes: Buffer, options: { params: Record<number, number> }) => Buffer
  zstdDecompressSync?: (bytes: Buffer) => Buffer
  constants: { ZSTD_c_compressionLevel?: number }
}

function builtInEngine(): Engine | null {
  const { zstdCompressSync, zstdDecompressSync, constants } = zlib as unknown as ZlibWithZstd
  const levelParameter = constants.ZSTD_c_compressionLevel
  if (!zstdCompressSync || !zstdDecompressSync || levelParameter === undefined) return null
  return {
    compress: (bytes, level) => zstdCompressSync(bytes, { params: { [levelParameter]: level } }),
    decompress: (bytes) => zstdDecompressSync(bytes),
  }
}

interface ZstdPackage {
  Encoder: new (level: number) => { encodeSync(bytes: Buffer): Buffer }
  Decoder: new () => { decodeSync(bytes: Buffer): Buffer }
}

function packageEngine(): Engine | null {
  const loaded = loadNative<ZstdPackage>('@toondepauw/node-zstd')
  if (loaded === null) return null
  const decoder = new loaded.Decoder()
  return {
    compress: (bytes, level) => new loaded.Encoder(level).encodeSync(bytes),
    decompress: (bytes) => decoder.decodeSync(bytes),
  }
}

function missing(): never {
  throw new CodecMissingError(
    'zstd needs Node.js 22.15 or later, or the package @toondepauw/node-zstd with a binary for this platform',
  )
}
