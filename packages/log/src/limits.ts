/** Every maximum of the log, with the reason for its value. */

/** Longest name that common file systems allow. */
export const MAX_FILE_NAME_BYTES = 255

/** Lines of a checkpoint file: partitions of one directory, or epochs of one log. */
export const MAX_CHECKPOINT_LINES = 10_000_000

/** Batches remembered for each producer; clients have at most five requests in flight. */
export const RETAINED_BATCHES = 5
