/** Every maximum of the client, with the reason for its value. */

const KIBI = 1024
const MEBI = 1024 * 1024

/** Frames kept ready for reuse by all connections of one client. Fetched data is not reused. */
export const POOL_IDLE_BYTES = 2 * MEBI

/** Largest answer that is accepted: `fetchMaxBytes` is a wish, one batch may be larger. */
export const MAX_RESPONSE_BYTES = 256 * MEBI

/** Requests of one lane that may be unanswered on one connection; producers allow themselves fewer. */
export const LANE_MAX_IN_FLIGHT = 100

/** Share by which a back-off is made longer or shorter, so that clients do not come back all at once. */
export const BACKOFF_JITTER = 0.2

/** Rounds of an authentication before it counts as endless; the longest mechanism has three. */
export const SASL_MAX_ROUNDS = 10

/** Smallest and largest SCRAM iteration count that a server may ask for: security and our CPU time. */
export const SCRAM_MIN_ITERATIONS = 4096
export const SCRAM_MAX_ITERATIONS = 1_000_000

/** A session of limited life is renewed after this share of it (KIP-368). */
export const SESSION_RENEWAL_SHARE = 0.85

/** In a produce request: its header and the topics around the batches. */
export const PRODUCE_OVERHEAD_BYTES = 4 * KIBI

/** In-flight produce requests beyond which the broker does not remember sequences (KIP-185). */
export const IDEMPOTENT_MAX_IN_FLIGHT = 5

/** Smallest first buffer of a batch; the next ones of a partition begin at the size of the last. */
export const BATCH_INITIAL_MIN_BYTES = KIBI

/** Largest first buffer of a batch: a quiet partition should not hold a megabyte. */
export const BATCH_INITIAL_MAX_BYTES = 128 * KIBI
