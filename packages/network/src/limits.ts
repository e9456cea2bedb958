/** Every maximum of a connection's life, with the reason for its value. */

const KIBI = 1024
const MEBI = 1024 * 1024

/** Kafka's `socket.request.max.bytes`. */
export const DEFAULT_MAX_REQUEST_BYTES = 100 * MEBI

/** Largest response a client accepts: well beyond what a broker packs into one fetch. */
export const DEFAULT_MAX_RESPONSE_BYTES = 256 * MEBI

/**
 * What a connection that has been quiet reads first. Every connection owns one such place, so it must be
 * small; it holds nearly every single request, and what fills it is followed by a read into a chunk.
 */
export const FIRST_READ_BYTES = 2 * KIBI

/** One read of a busy connection with small frames: some hundred pipelined requests for one system call. */
export const CHUNK_BYTES = 64 * KIBI

/** Frames from this size on, half a chunk, get a buffer of their own: the rest of them is not copied. */
export const OWN_BUFFER_MIN_BYTES = 32 * KIBI

/** A chunk with less room than this is replaced: short reads waste system calls. */
export const CHUNK_MIN_ROOM_BYTES = 4 * KIBI

/**
 * What may wait on one connection while an earlier request is handled, before its socket is no longer
 * read: bytes enough for a large request to arrive meanwhile, frames enough for a read of small ones.
 */
export const MAX_WAITING_BYTES = 1 * MEBI
export const MAX_WAITING_FRAMES = 256

/** Bytes of answers that a peer has not taken, from which it gets no further request handled. */
export const MAX_QUEUED_RESPONSE_BYTES = 4 * MEBI

/** Answers are gathered up to these sizes before they go to the channel in one write. */
export const MAX_GATHERED_BYTES = 256 * KIBI
export const MAX_GATHERED_PARTS = 1000

/** Answers up to this size are copied behind each other: cheaper than one more part in a gathered write. */
export const COPIED_ANSWER_MAX_BYTES = 512

/** Smallest and largest chunk that answers are copied into; the first suffices for a single answer. */
export const COPY_CHUNK_MIN_BYTES = 640
export const COPY_CHUNK_MAX_BYTES = 16 * KIBI

/** Kafka's `connections.max.idle.ms`. */
export const DEFAULT_MAX_IDLE_MS = 600_000

/** Sweeps in one idle period: a connection is closed at most an eighth of the period late. */
export const IDLE_SWEEPS_PER_PERIOD = 8

/** Requests a client connection has sent and not seen answered; callers usually allow themselves five. */
export const MAX_IN_FLIGHT_REQUESTS = 1000

/** Kafka's quota window: eleven samples of one second. */
export const RATE_SAMPLES = 11
export const RATE_SAMPLE_MS = 1000

/** Longest delay of one connection because of a rate; Kafka's is one sample of its quota window. */
export const MAX_CONNECTION_DELAY_MS = 1000

/** Addresses whose connection rate is remembered at once; the one used least recently is forgotten. */
export const MAX_RATED_ADDRESSES = 10_000
