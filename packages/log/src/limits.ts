/** Every maximum of the log, with the reason for its value. */

/** Longest name that common file systems allow. */
export const MAX_FILE_NAME_BYTES = 255

/** Lines of a checkpoint file: partitions of one directory, or epochs of one log. */
export const MAX_CHECKPOINT_LINES = 10_000_000

/** Batches remembered for each producer; clients have at most five requests in flight. */
export const RETAINED_BATCHES = 5

/** What a walk over a segment reads at once: large enough that disk reads stay sequential. */
export const SCAN_CHUNK_BYTES = 256 * 1024

/**
 * Read beyond what a consumer asked for, to find the first batch between two index entries and still
 * have its bytes in the same read.
 */
export const READ_SLACK_BYTES = 8 * 1024

/** Buffers in one gathered write; systems refuse more than 1024. */
export const MAX_WRITE_PARTS = 512

/** Blocks of the tail cache for small batches: the first of a log, and what busy logs grow to. */
export const TAIL_BLOCK_MIN_BYTES = 2 * 1024
export const TAIL_BLOCK_MAX_BYTES = 64 * 1024

/** Smaller batches are copied into such blocks: copying them costs less than a piece of their own. */
export const TAIL_REFERENCE_MIN_BYTES = 8 * 1024
