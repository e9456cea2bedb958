/** Headers as people write them, as the list that a record holds. */
import type { RecordHeader } from '@barnabas/protocol'
import { SerializationError } from '../errors.ts'

export type HeaderValue = Uint8Array | string | null

/** An object with a value or several for each name, or pairs in order, or what a consumed record has. */
export type HeadersInit =
  | Readonly<Record<string, HeaderValue | readonly HeaderValue[]>>
  | Iterable<readonly [string, HeaderValue] | RecordHeader>

export const NO_HEADERS: readonly RecordHeader[] = []

export function headerList(headers: HeadersInit | undefined | null): readonly RecordHeader[] {
  if (headers === undefined || headers === null) return NO_HEADERS
  const list: RecordHeader[] = []
  if (isIterable(headers)) {
    for (const header of headers) {
      if (isPair(header)) list.push({ key: header[0], value: valueOf(header[1], header[0]) })
      else list.push({ key: header.key, value: valueOf(header.value, header.key) })
    }
    return list
  }
  for (const [key, value] of Object.entries(headers)) {
    if (Array.isArray(value)) {
      for (const one of value as HeaderValue[]) list.push({ key, value: valueOf(one, key) })
    } else list.push({ key, value: valueOf(value as HeaderValue, key) })
  }
  return list
}

function isIterable(
  headers: HeadersInit,
): headers is Iterable<readonly [string, HeaderValue] | RecordHeader> {
  return typeof (headers as Iterable<unknown>)[Symbol.iterator] === 'function'
}

function isPair(
  header: readonly [string, HeaderValue] | RecordHeader,
): header is readonly [string, HeaderValue] {
  return Array.isArray(header)
}

function valueOf(value: HeaderValue, key: string): Uint8Array | null {
  if (value === null || value instanceof Uint8Array) return value
  if (typeof value === 'string') return Buffer.from(value)
  throw new SerializationError(`the header ${key} is neither bytes nor text`)
}
