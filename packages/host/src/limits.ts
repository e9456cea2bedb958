/** Every maximum of the host's ports, with the reason for its value. */

/** Bytes queued on a socket from which its sender is asked to wait. Two large responses. */
export const SEND_BUFFER_HIGH_BYTES = 4 * 1024 * 1024

/** Connections that the system keeps for us until they are accepted. */
export const DEFAULT_BACKLOG = 511

/** Longest wait for a connection; Kafka's clients use ten seconds too. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000

/** How long a channel that has ended waits for its peer to do the same; a round trip or two. */
export const DEFAULT_LINGER_MS = 2000

/** Longest wait for a client to complete a TLS handshake; such connections are not counted yet. */
export const TLS_HANDSHAKE_TIMEOUT_MS = 30_000

/** Room for what arrives before a socket has a sink: the start of a first frame. Copied, so kept small. */
export const FIRST_READ_BYTES = 16

/** Up to this many bytes a write goes to the page cache synchronously: cheaper than a thread-pool hop. */
export const SYNCHRONOUS_WRITE_MAX_BYTES = 4 * 1024 * 1024

/** Up to this many bytes are read synchronously even when they may not be cached. */
export const SYNCHRONOUS_READ_MAX_BYTES = 64 * 1024

/** Longest wait of one timer of Node.js: it takes larger ones for 1 ms. The wheel just asks again. */
export const NODE_TIMER_MAX_MS = 2 ** 30

/** Random words fetched at once: one page, so that a fetch costs little for each. */
export const ENTROPY_BLOCK_WORDS = 1024

/** Claims of a lock that may be lost to others' unlocking in a row before something is wrong. */
export const LOCK_CLAIMS_MAX = 100
