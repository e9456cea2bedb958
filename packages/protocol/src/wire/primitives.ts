/** A tagged field that this version of the schema does not know; kept so that it survives re-encoding. */
export interface TaggedField {
  tag: number
  data: Uint8Array
}

/** 16 bytes, in Kafka's base64url text form without padding; `AAAAAAAAAAAAAAAAAAAAAA` is "none". */
export type Uuid = string

export const ZERO_UUID: Uuid = 'AAAAAAAAAAAAAAAAAAAAAA'

/** The default of fields that hold bytes. */
export const EMPTY_BYTES = new Uint8Array(0)

/**
 * Record batches: one buffer as read from the wire, or several that are written one after another, so that
 * batches from different places reach a socket without being joined first.
 */
export type RecordsValue = Uint8Array | readonly Uint8Array[]

/** The batches as one buffer; copies only when there are several parts. */
export function joinRecords(records: RecordsValue): Uint8Array {
  if (records instanceof Uint8Array) return records
  return records.length === 1 ? records[0]! : Buffer.concat(records)
}
