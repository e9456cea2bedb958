import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

/** The generated codec of one message: one function for all versions. */
export interface MessageType<T> {
  readonly name: string
  /** -1 for data that has no API key. */
  readonly apiKey: number
  readonly minVersion: number
  readonly maxVersion: number
  /** First version with compact encodings and tagged fields; 32767 when there is none. */
  readonly flexibleSince: number
  /** A fresh message with every field at its default, overwritten by `init`. */
  create(init?: Partial<T>): T
  read(reader: Reader, version: number): T
  write(writer: Writer, message: T, version: number): void
}
