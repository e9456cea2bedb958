/** Every maximum of a connection, with the reason for its value. */

/** Smallest and largest piece of memory a quiet and a busy connection read into. */
export const READ_AHEAD_MIN_BYTES = 1024
export const READ_AHEAD_MAX_BYTES = 64 * 1024

/** Frames waiting for the one before them to be answered; reading pauses at this many. */
export const MAX_WAITING_FRAMES = 64

/** Bytes of waiting frames from which reading pauses; one frame may always wait. */
export const MAX_WAITING_BYTES = 8 * 1024 * 1024

/** Responses queued on a socket from which no further request of it is begun. */
export const MAX_QUEUED_RESPONSE_BYTES = 16 * 1024 * 1024

/** Requests a client connection has sent and not seen answered. */
export const MAX_IN_FLIGHT_REQUESTS = 1000

/** Largest response a client accepts. */
export const DEFAULT_MAX_RESPONSE_BYTES = 256 * 1024 * 1024
