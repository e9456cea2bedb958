/**
 * How keys and values become bytes and come back. A serialiser is a pair of plain functions, so that
 * schema libraries fit in; both may answer later when they must look something up first.
 */
import type { Awaitable } from '@barnabas/base'
import { SerializationError } from '../errors.ts'

export interface SerializationContext {
  readonly topic: string
  readonly part: 'key' | 'value'
}

export type Serializer<T> = (
  value: T,
  context: SerializationContext,
) => Awaitable<Uint8Array | null>

/** `bytes` are a view that stays valid. Null is never given: a null key or value stays null. */
export type Deserializer<T> = (bytes: Buffer, context: SerializationContext) => T

/** A serialiser and its opposite under one name. */
export interface Serde<T> {
  readonly serialize: (value: T, context: SerializationContext) => Uint8Array | null
  readonly deserialize: Deserializer<T>
}

/** What producers take when no serialiser is chosen: bytes as they are, text as UTF-8. */
export type BytesLike = Uint8Array | string

export function bytesOf(value: BytesLike): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value)
  if (value instanceof Uint8Array) return value
  throw new SerializationError(`a ${typeof value} is no bytes and no text`, {
    hint: 'choose a serialiser, such as json()',
  })
}

export const bytes: Serde<Uint8Array> = {
  serialize: (value) => bytesOf(value),
  deserialize: (data) => data,
}

export const string: Serde<string> = {
  serialize: (value) => Buffer.from(value),
  deserialize: (data) => data.toString('utf8'),
}

/** JSON text; `undefined` is refused, since it has none. */
export function json<T>(): Serde<T> {
  return {
    serialize(value) {
      const text = JSON.stringify(value) as string | undefined
      if (text === undefined) throw new SerializationError(`a ${typeof value} has no JSON`)
      return Buffer.from(text)
    },
    deserialize: (data) => JSON.parse(data.toString('utf8')) as T,
  }
}

/** As Java's IntegerSerializer: 4 bytes, big-endian. */
export const int32: Serde<number> = {
  serialize(value) {
    const data = Buffer.allocUnsafe(4)
    data.writeInt32BE(value)
    return data
  },
  deserialize(data) {
    expectSize(data, 4, 'int32')
    return data.readInt32BE(0)
  },
}

/** As Java's LongSerializer: 8 bytes, big-endian, all of which carry meaning. */
export const int64: Serde<bigint> = {
  serialize(value) {
    const data = Buffer.allocUnsafe(8)
    data.writeBigInt64BE(value)
    return data
  },
  deserialize(data) {
    expectSize(data, 8, 'int64')
    return data.readBigInt64BE(0)
  },
}

/** As Java's DoubleSerializer: 8 bytes, big-endian. */
export const float64: Serde<number> = {
  serialize(value) {
    const data = Buffer.allocUnsafe(8)
    data.writeDoubleBE(value)
    return data
  },
  deserialize(data) {
    expectSize(data, 8, 'float64')
    return data.readDoubleBE(0)
  },
}

/** As Java's UUIDSerializer: the text with dashes. */
export const uuid: Serde<string> = {
  serialize(value) {
    if (!UUID_TEXT.test(value)) throw new SerializationError(`"${value}" is no UUID`)
    return Buffer.from(value)
  },
  deserialize(data) {
    const text = data.toString('utf8')
    if (!UUID_TEXT.test(text)) throw new SerializationError('bytes that are no UUID')
    return text
  },
}

const UUID_TEXT = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

function expectSize(data: Buffer, sizeBytes: number, name: string): void {
  if (data.length !== sizeBytes) {
    throw new SerializationError(`${data.length} bytes are no ${name} of ${sizeBytes} bytes`)
  }
}
