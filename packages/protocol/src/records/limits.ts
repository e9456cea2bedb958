/** Upper bounds of record handling. */

/**
 * Errors of single records that one rejected batch reports. The producer needs to know which of its
 * records were bad; a batch of a million keyless ones must not make an answer larger than itself.
 */
export const MAX_RECORD_ERRORS = 10_000

/** Record errors that the message of a rejected batch quotes. */
export const SHOWN_RECORD_ERRORS = 3

/** First buffer of a builder: the default `batch.size` of producers and its header. */
export const BUILDER_INITIAL_BYTES = 16384

/** Old messages gathered into one batch: large enough to pay for the header, small enough to seek in. */
export const UP_CONVERTED_BATCH_BYTES = 64 * 1024
