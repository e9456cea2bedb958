/** Every maximum of the broker, with the reason for its value. */

/**
 * Requests that wait in one purgatory. A connection has one request in flight, so this is far beyond
 * what connections can bring; it only keeps a leak from growing without end.
 */
export const MAX_PARKED_OPERATIONS = 200_000

/** Kafka's `max.incremental.fetch.session.cache.slots`. */
export const DEFAULT_FETCH_SESSION_SLOTS = 1000

/** A fetch session that was not used for so long gives its slot to whoever asks, as in Kafka. */
export const FETCH_SESSION_EVICTION_MS = 120_000

/**
 * Newest batches of a partition whose sizes are known without asking the log. A reader that waits for
 * bytes waits for the newest ones; who waits behind more batches than these is answered early.
 */
export const BATCH_SIZES_KEPT = 256

/** What a coordinator reads of its log at once while it loads, as Kafka's. */
export const LOAD_READ_BYTES = 5 * 1024 * 1024

/** Between two attempts to be registered, to be put in service, to be let go. */
export const REGISTRATION_RETRY_MS = 50

/** Buffers of requests kept for reuse. Enough for 64 produce requests of a megabyte at once. */
export const MAX_IDLE_BUFFER_BYTES = 64 * 1024 * 1024
