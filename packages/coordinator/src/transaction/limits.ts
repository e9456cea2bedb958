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

/** Partitions in one WriteTxnMarkers request: some 10 KB, and a few milliseconds of the other broker's time. */
export const MARKERS_PER_REQUEST_MAX = 1_000

/** How long until markers are tried again that had no leader to go to, or were refused for now. */
export const MARKERS_RETRY_MS = 100

/** How long until it is tried again to wait for a commit, when the shard had too much to do to take that on. */
export const COMMIT_WAIT_RETRY_MS = 100

/** A block of producer ids is asked for when so much of the last one is used, before anybody has to wait. */
export const PREFETCH_PRODUCER_IDS_AT = 0.9

/** How long until the controller is asked again for a block it did not give. */
export const ALLOCATION_RETRY_MS = 50

/** Requests waiting for a producer id. As many as one connection attempt of every client of a large broker. */
export const PRODUCER_ID_WAITERS_MAX = 10_000
