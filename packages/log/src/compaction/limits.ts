/** Every maximum of compaction, with the reason for its value. */

/**
 * Bytes of batches that are looked at before others get the log's lock, the disk and the event loop:
 * a truncation waits for no more than this.
 */
export const PIECE_BYTES = 1024 * 1024

/** Compaction gives the event loop back after so long; requests must not notice it. */
export const SLICE_MS = 4

/** First size of the buffer for what is kept of a piece. It grows where one batch is larger. */
export const OUTPUT_INITIAL_BYTES = 64 * 1024

/** Bytes of the offset map for one key: 128 bits of hash and the offset. Kafka's are as large. */
export const MAP_ENTRY_BYTES = 24

/** No segment, and so no draft, may be larger: positions in indexes are 31 bits wide. */
export const MAX_SEGMENT_BYTES = 0x7fffffff

/** Offsets in indexes are relative to their segment and 31 bits wide. */
export const MAX_RELATIVE_OFFSET = 0x7fffffff
