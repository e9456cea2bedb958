/** The port every compression codec implements. */

/** As producers name them, and as the attributes of a batch number them: 0 none .. 4 zstd. */
export type CompressionType = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

export interface CompressionLevels {
  readonly min: number
  readonly max: number
  readonly default: number
}

/**
 * All calls are synchronous and keep no state. The result may be a view of the input (codec `none`) or
 * memory of its own.
 */
export interface CompressionCodec {
  readonly type: CompressionType
  /** Number in the lowest three bits of the attributes. */
  readonly code: number
  /** Null where the format has no levels. */
  readonly levels: CompressionLevels | null
  /** `level` is used as it is where it lies in the range, else the default. */
  compress(bytes: Buffer, level?: number): Buffer
  /**
   * Throws `DecompressionLimitError` when the content is larger than `maxBytes`, before that much memory
   * is taken, and `MalformedCompressionError` for bytes that are not of this format.
   */
  decompress(bytes: Buffer, maxBytes: number): Buffer
}

/** The level to use: the one asked for if the codec knows it, else its default. */
export function levelOf(levels: CompressionLevels, level: number | undefined): number {
  return level !== undefined && level >= levels.min && level <= levels.max ? level : levels.default
}
