/** Every maximum of the wire codec, with the reason for its value. */

/**
 * Array elements in one message. An element of a byte or two becomes an object of fifty, so the size of
 * the frame alone does not bound the memory. Metadata of a million partitions stays below.
 */
export const MAX_MESSAGE_ELEMENTS = 8_000_000

/** Unknown tagged fields kept for one struct; more than any sane peer sends. */
export const MAX_UNKNOWN_TAGGED_FIELDS = 1024

/** A writer's small-value chunk. Holds most responses in one piece. */
export const WRITER_CHUNK_BYTES = 2048

/** The chunk in which a tagged field is laid out to learn its size; most are smaller. */
export const TAGGED_FIELD_CHUNK_BYTES = 256

/** Byte arrays from this size on are referenced by a writer instead of copied. */
export const WRITER_EXTERNAL_MIN_BYTES = 1024

/** Texts up to this length are written character by character: calls into native code cost more (measured). */
export const SHORT_TEXT_LENGTH = 40
