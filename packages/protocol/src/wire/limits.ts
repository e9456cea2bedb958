/** Every maximum of the wire codec, with the reason for its value. */

/** Deepest nesting of structs a reader follows. Kafka's own messages stay below 8. */
export const MAX_STRUCT_DEPTH = 32

/** Unknown tagged fields kept for one struct; more than any sane peer sends. */
export const MAX_UNKNOWN_TAGGED_FIELDS = 1024

/** A writer's small-value chunk. Holds most responses in one piece. */
export const WRITER_CHUNK_BYTES = 2048

/** Byte arrays from this size on are referenced by a writer instead of copied. */
export const WRITER_EXTERNAL_MIN_BYTES = 1024
