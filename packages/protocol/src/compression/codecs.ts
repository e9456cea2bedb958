/** The codecs by their name and by their number in the attributes of a batch. */
import type { CompressionCodec, CompressionType } from './codec.ts'
import { DecompressionLimitError, MalformedCompressionError } from './errors.ts'
import { gzip } from './gzip.ts'
import { lz4 } from './lz4.ts'
import { snappy } from './snappy.ts'
import { zstd } from './zstd.ts'

/** No compression: the bytes themselves, still bounded. */
export const uncompressed: CompressionCodec = {
  type: 'none',
  code: 0,
  levels: null,
  compress: (bytes) => bytes,
  decompress(bytes, maxBytes) {
    if (bytes.length > maxBytes) throw new DecompressionLimitError('uncompressed', maxBytes)
    return bytes
  },
}

/** In the order of their numbers. */
export const compressionCodecs: readonly CompressionCodec[] = [
  uncompressed,
  gzip,
  snappy,
  lz4,
  zstd,
]

/** The codec with the number that stands in a batch; numbers 5 to 7 are not in use. */
export function codecByCode(code: number): CompressionCodec {
  const codec = compressionCodecs[code]
  if (codec === undefined) throw new MalformedCompressionError(`compression codec ${code}`)
  return codec
}

export function codecByType(type: CompressionType): CompressionCodec {
  return compressionCodecs.find((codec) => codec.type === type)!
}

export function isCompressionType(name: string): name is CompressionType {
  return compressionCodecs.some((codec) => codec.type === name)
}
