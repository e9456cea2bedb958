import { readFileSync } from 'node:fs'
import { BatchView, MalformedRecordError, readBatches, RecordCursor } from '@barnabas/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'

interface ExpectedRecord {
  offset: number
  timestamp: number | string
  key: string | null
  value: string | null
  headers: { key: string; value: string | null }[] | [string, string | null][]
}

interface Vector {
  case: string
  hex: string
  batches: { header: { valid: boolean; compression: string }; records: ExpectedRecord[] }[]
}

const text = readFileSync(new URL('../fixtures/batches-v2.jsonl', import.meta.url), 'utf8')
const vectors = text
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Vector)
  .filter((v) => v.batches.every((b) => b.header.compression === 'none' && b.header.valid))

const hex = (bytes: Uint8Array | null) =>
  bytes === null ? null : Buffer.from(bytes).toString('hex')

test('uncompressed vectors are there to be read', () => {
  expect(vectors.length).toBeGreaterThan(5)
})

test.each(vectors)('the records of $case are read as Apache Kafka reads them', (vector) => {
  const { batches } = readBatches(Buffer.from(vector.hex, 'hex'))
  batches.forEach((batch, index) => {
    const cursor = new RecordCursor(batch.recordBytes, batch.recordCount)
    for (const expected of vector.batches[index]!.records) {
      expect(cursor.next()).toBe(true)
      expect(batch.baseOffset + cursor.offsetDelta).toBe(expected.offset)
      if (!batch.isLogAppendTime && Number.isSafeInteger(expected.timestamp)) {
        expect(batch.baseTimestamp + cursor.timestampDelta).toBe(expected.timestamp)
      }
      expect(hex(cursor.key())).toBe(expected.key)
      expect(hex(cursor.value())).toBe(expected.value)
      expect(cursor.headers().length).toBe(expected.headers.length)
    }
    expect(cursor.next()).toBe(false)
  })
})

test('mutated records are read or refused, and never hang', () => {
  fc.assert(
    fc.property(fc.constantFrom(...vectors), fc.nat(), fc.nat(255), (vector, at, byte) => {
      const batch = new BatchView(Buffer.from(vector.hex, 'hex'))
      const bytes = Buffer.from(batch.recordBytes)
      if (bytes.length > 0) bytes[at % bytes.length] = byte
      const cursor = new RecordCursor(bytes, batch.recordCount)
      try {
        while (cursor.next()) cursor.headers()
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedRecordError)
      }
    }),
    { seed: 7, numRuns: 500 },
  )
})
