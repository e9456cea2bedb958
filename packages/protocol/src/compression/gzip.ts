/** gzip by `node:zlib`, which bounds its output itself. */
import { gunzipSync, gzipSync } from 'node:zlib'
import { type CompressionCodec, type CompressionLevels, levelOf } from './codec.ts'
import { DecompressionLimitError, MalformedCompressionError } from './errors.ts'

/** -1 leaves the choice to zlib, which takes 6. */
const LEVELS: CompressionLevels = { min: -1, max: 9, default: -1 }

/** Output is gathered in pieces of this size; larger ones save joins, smaller ones memory. */
const MIN_CHUNK_BYTES = 1024
const MAX_CHUNK_BYTES = 256 * 1024

export const gzip: CompressionCodec = {
  type: 'gzip',
  code: 1,
  levels: LEVELS,

  compress(bytes, level) {
    const chosen = levelOf(LEVELS, level)
    return gzipSync(bytes, { level: chosen === 0 ? LEVELS.default : chosen })
  },

  decompress(bytes, maxBytes) {
    if (bytes.length === 0) throw new MalformedCompressionError('gzip data without a header')
    const chunkSize = Math.min(Math.max(bytes.length * 4, MIN_CHUNK_BYTES), MAX_CHUNK_BYTES)
    try {
      const output = gunzipSync(bytes, { maxOutputLength: Math.max(maxBytes, 1), chunkSize })
      if (output.length > maxBytes) throw new DecompressionLimitError('gzip', maxBytes)
      return output
    } catch (error) {
      if (error instanceof DecompressionLimitError) throw error
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
        throw new DecompressionLimitError('gzip', maxBytes)
      }
      throw new MalformedCompressionError('gzip data that does not decode', error)
    }
  },
}
