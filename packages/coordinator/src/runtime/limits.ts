/** Every maximum of the coordinator runtime, with the reason for its value. */

/** Events waiting for one shard. At 20 µs an event this is a fifth of a second of work: more is overload. */
export const QUEUED_EVENTS_MAX = 10_000

/**
 * Requests parked in one shard. Each is one member of one group that waits for a rebalance; a shard that
 * serves a hundred groups of a thousand members stays below.
 */
export const PARKED_REQUESTS_MAX = 100_000

/** Events run before others of the process get their turn; keeps one busy shard below a few milliseconds. */
export const EVENTS_PER_TURN_MAX = 200

/** How long to wait before a timer's event is tried again whose records could not be appended. */
export const TIMER_RETRY_MS = 500

/** How long to wait before a shard is loaded again after its loading failed. */
export const RELOAD_DELAY_MS = 1_000

/** Upper bound of what one record adds to a batch besides its key and value: varints, deltas, headers. */
export const RECORD_OVERHEAD_BYTES = 36

/** The header of a record batch. */
export const BATCH_OVERHEAD_BYTES = 61
