import { fileURLToPath } from 'node:url'
import * as protocol from '@barnabas/protocol'
import {
  MalformedMessageError,
  type MessageType,
  Reader,
  UnsupportedFieldError,
  Writer,
} from '@barnabas/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  checkVector,
  type CodecVector as Vector,
  loadModels,
} from '../../../../tools/vectors/codec.ts'
import { linesOf } from '../../../../tools/vectors/lines.ts'

const fixture = fileURLToPath(new URL('../fixtures/codec.jsonl.gz', import.meta.url))
const models = await loadModels()
const vectors = linesOf(fixture) as Vector[]
const byMessage = new Map<string, Vector[]>()
for (const vector of vectors)
  byMessage.set(vector.message, [...(byMessage.get(vector.message) ?? []), vector])

const messages = (Object.values(protocol) as unknown[]).filter(
  (value): value is MessageType<unknown> =>
    typeof value === 'object' && value !== null && 'flexibleSince' in value,
)

describe('messages that Apache Kafka wrote are read to the same values and written to the same bytes', () => {
  test.each([...byMessage.keys()])('%s', (name) => {
    for (const vector of byMessage.get(name)!) checkVector(vector, models)
  })
})

test('every message has vectors', () => {
  expect(messages.filter((type) => !byMessage.has(type.name)).map((type) => type.name)).toEqual([])
})

test.each(messages)('a fresh $name comes back from every version', (type) => {
  for (let version = type.minVersion; version <= type.maxVersion; version++) {
    const writer = new Writer()
    const message = type.create()
    type.write(writer, message, version)
    const bytes = writer.finishBuffer()
    const reader = new Reader(bytes)
    const again = new Writer()
    type.write(again, type.read(reader, version), version)
    expect(reader.remaining).toBe(0)
    expect(again.finishBuffer().equals(bytes)).toBe(true)
  }
})

test('a version that does not exist is refused', () => {
  expect(() => protocol.FetchRequest.read(new Reader(Buffer.alloc(100)), 99)).toThrow(
    UnsupportedFieldError,
  )
})

test('a value that the version cannot express is refused, unless it may be ignored', () => {
  const request = protocol.InitProducerIdRequest.create({ transactionalId: 't', producerId: 5 })
  expect(() => protocol.InitProducerIdRequest.write(new Writer(), request, 2)).toThrow(
    UnsupportedFieldError,
  )
  const metadata = protocol.MetadataResponse.create({ clusterId: 'c' })
  protocol.MetadataResponse.write(new Writer(), metadata, 0)
})

test('mutated messages are read or refused as malformed, and never hang', () => {
  const small = vectors.filter((vector) => vector.hex.length > 4 && vector.hex.length < 800)
  fc.assert(
    fc.property(
      fc.constantFrom(...small),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.option(fc.nat()),
      (vector, changes, cut) => {
        const bytes = Buffer.from(vector.hex, 'hex')
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        const input = cut === null ? bytes : bytes.subarray(0, cut % bytes.length)
        const type = (protocol as unknown as Record<string, MessageType<unknown>>)[vector.message]!
        try {
          type.read(new Reader(input), vector.version)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessageError)
        }
      },
    ),
    { seed: 13, numRuns: 10_000 },
  )
})
