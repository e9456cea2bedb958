/** Every maximum of the transaction coordinator, with the reason for its value. */

/** Epochs are int16, and the last is kept so that a producer with the one before can still be fenced. */
export const PRODUCER_EPOCH_MAX = 32_767

/** From this epoch on a producer is given a new id instead of a higher epoch. */
export const EXHAUSTED_PRODUCER_EPOCH = PRODUCER_EPOCH_MAX - 1

/** The time-out of transactions an outside coordinator ends: none, stored as the highest int32. */
export const NO_TIMEOUT_MS = 0x7fffffff

/** Tombstones written in one go; a shard with more expired ids goes on in its next turn. */
export const EXPIRED_PER_EVENT_MAX = 1_000

/** How long until a completed transaction is stored again after its append failed. */
export const COMPLETION_RETRY_MS = 500
