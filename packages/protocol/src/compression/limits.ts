/** Upper bounds of compression. */

/**
 * The most bytes one batch may decompress to on a broker. A batch of the default largest size (1 MiB)
 * may so shrink to a 128th, far beyond what logs and JSON reach, while a forged one cannot take the
 * memory of the process.
 */
export const MAX_DECOMPRESSED_BATCH_BYTES = 128 * 1024 * 1024

/** Block of the snappy stream format as its reference writer cuts it; readers keep buffers of this size. */
export const SNAPPY_BLOCK_BYTES = 32 * 1024

/** Block of an LZ4 frame as Kafka's clients write it, the smallest the format knows. */
export const LZ4_BLOCK_BYTES = 64 * 1024

/** Below this size a call into native code costs more than decoding an LZ4 frame here (measured). */
export const LZ4_NATIVE_MIN_BYTES = 4 * 1024

/** A block of a zstd frame never holds more, by its format. */
export const ZSTD_BLOCK_BYTES_MAX = 128 * 1024
