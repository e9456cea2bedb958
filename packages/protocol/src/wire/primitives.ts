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
