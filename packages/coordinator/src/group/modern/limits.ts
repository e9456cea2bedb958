/** Every maximum of consumer, share and streams groups, with the reason for its value. */

/**
 * Least time between two look-ups of a group's patterns. Each look at all topics of the cluster; members
 * that join one after the other with patterns of their own must not cause one each.
 */
export const PATTERN_REFRESH_MIN_INTERVAL_MS = 10_000

/** Greatest repeat count in a pattern: RE2's own limit. Nested ones are limited by the states they make. */
export const PATTERN_REPEAT_MAX = 1_000

/** States of the automaton of a pattern. Topic names have at most 249 characters; no sane pattern needs as many. */
export const PATTERN_STATES_MAX = 20_000

/** Nested groups in a pattern: RE2's own limit; the parser works by recursion. */
export const PATTERN_DEPTH_MAX = 1_000

/** Sets of states that are remembered while topics are matched; beyond it they are computed anew. */
export const PATTERN_CACHE_MAX = 2_000
