/**
 * How coordinators store their records: the key is an int16 that names the kind and the key's fields, the
 * value an int16 version and the value's fields. A table of kinds gives the typed record and its codec.
 */
import { Reader, Writer, type MessageType } from '@barnabas/protocol'
import type { RecordCodec } from './partition-writer.ts'

export interface RecordKind<Key, Value> {
  /** Its `apiKey` is the number in front of stored keys. */
  readonly key: MessageType<Key>
  readonly value: MessageType<Value>
  /** The version in which a value is written. */
  valueVersion(value: Value): number
  /** Values hold byte arrays, which must not be views of a buffer that belongs to the log. */
  readonly holdsBytes?: boolean
}

// The table holds many types; a record's `type` says which.
export type RecordKinds = Readonly<Record<string, RecordKind<any, any>>>

type KeyOf<T> = T extends RecordKind<infer Key, any> ? Key : never
type ValueOf<T> = T extends RecordKind<any, infer Value> ? Value : never

/** A record of one of the kinds; a null value is a tombstone. */
export type RecordOf<Kinds extends RecordKinds> = {
  [Name in keyof Kinds & string]: {
    readonly type: Name
    readonly key: KeyOf<Kinds[Name]>
    readonly value: ValueOf<Kinds[Name]> | null
  }
}[keyof Kinds & string]

/** Keys of all kinds have had one version so far. */
const KEY_VERSION = 0

export function createRecordCodec<Kinds extends RecordKinds>(
  kinds: Kinds,
): RecordCodec<RecordOf<Kinds>> {
  const names = new Map<number, string>()
  for (const [name, kind] of Object.entries(kinds)) names.set(kind.key.apiKey, name)
  return {
    encode({ type, key, value }) {
      const kind = kinds[type]!
      const keyBytes = encode(kind.key, kind.key.apiKey, key, KEY_VERSION)
      if (value === null) return { key: keyBytes, value: null }
      const version = kind.valueVersion(value)
      return { key: keyBytes, value: encode(kind.value, version, value, version) }
    },
    decode(keyBytes, valueBytes) {
      const reader = new Reader(keyBytes)
      const type = names.get(reader.int16())
      if (type === undefined) return null
      const kind = kinds[type]!
      const key: unknown = kind.key.read(reader, KEY_VERSION)
      const value = valueBytes === null ? null : decodeValue(kind, valueBytes)
      return { type, key, value } as RecordOf<Kinds>
    },
  }
}

function encode<T>(message: MessageType<T>, prefix: number, fields: T, version: number): Buffer {
  const writer = new Writer(256)
  writer.int16(prefix)
  message.write(writer, fields, version)
  return writer.finishBuffer()
}

function decodeValue<Value>(kind: RecordKind<unknown, Value>, bytes: Uint8Array): Value {
  const reader = new Reader(kind.holdsBytes === true ? Uint8Array.from(bytes) : bytes)
  return kind.value.read(reader, reader.int16())
}
