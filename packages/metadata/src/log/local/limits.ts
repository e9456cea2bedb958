/** Every maximum of the local driver, with the reason for its value. */

/** Bytes read at a time when a segment is scanned: large enough that calls do not count. */
export const SCAN_PIECE_BYTES = 1024 * 1024

/** Bytes of log between two entries of the sparse indexes, as `index.interval.bytes` has it. */
export const INDEX_INTERVAL_BYTES = 4096

/** A snapshot's batches are closed at this size, so that none needs a large buffer to be read. */
export const SNAPSHOT_BATCH_BYTES = 1024 * 1024

/** Snapshots kept beside the newest, for the case that its file is damaged. */
export const OLDER_SNAPSHOTS_KEPT = 1

/** A segment is closed behind a snapshot from this size on, so that what stands before it can go. */
export const ROLL_AFTER_SNAPSHOT_BYTES = 8 * 1024 * 1024

/** Bytes written in one call; the rest of what waits goes with the next. */
export const WRITE_BYTES_MAX = 8 * 1024 * 1024
