export type { CompressionCodec, CompressionLevels, CompressionType } from './codec.ts'
export {
  codecByCode,
  codecByType,
  compressionCodecs,
  isCompressionType,
} from './codecs.ts'
export { CodecMissingError, DecompressionLimitError, MalformedCompressionError } from './errors.ts'
export { MAX_DECOMPRESSED_BATCH_BYTES } from './limits.ts'
