import { ApiError } from '@barnabas/base'
import {
  BatchBuilder,
  BatchView,
  decodeRecords,
  decodeStoredRecords,
  downConvert,
  endTransactionMarkerBatch,
  LegacyMessage,
  readStoredBatches,
  type StoredBatch,
  upConvert,
  writeLegacySet,
} from '@barnabas/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesOf, clamped, hexOf, recordVectors } from './vectors.ts'

const vectors = recordVectors('legacy')
const entriesOf = (hex: string) => readStoredBatches(Buffer.from(hex, 'hex'))
const valid = vectors.filter((v) => v.batches.every((b) => b.header.valid))

const plain = (entry: StoredBatch) =>
  decodeStoredRecords(entry).map((r) => ({
    offset: r.offset,
    timestamp: r.timestamp,
    key: hexOf(r.key),
    value: hexOf(r.value),
  }))

test.each(vectors)('BAT-06 $case is read as Apache Kafka reads it', (vector) => {
  const { batches, end } = entriesOf(vector.hex)
  expect(end).toBe('complete')
  expect(batches.length).toBe(vector.batches.length)
  batches.forEach((entry, index) => {
    const { header, records } = vector.batches[index]!
    expect(entry.position).toBe(header.position)
    expect(entry.sizeBytes).toBe(header.sizeInBytes)
    expect(entry.magic).toBe(header.magic)
    expect(entry.attributes).toBe(header.attributes)
    expect(entry.hasValidCrc()).toBe(header.valid)
    if (entry instanceof LegacyMessage) expect(entry.offset).toBe(header.lastOffset)
    if (records === undefined) return
    expect(entry.crc).toBe(header.crc)
    expect(plain(entry)).toEqual(
      records.map((r) => ({
        offset: clamped(r.offset),
        timestamp: clamped(r.timestamp),
        key: r.key,
        value: r.value,
      })),
    )
  })
})

test.each(valid.filter((v) => /^v[01]\/none/.test(v.case)))(
  'BAT-06 $case is written to the same bytes',
  (vector) => {
    const { batches } = entriesOf(vector.hex)
    const written = batches.map((entry) => {
      const message = entry as LegacyMessage
      return writeLegacySet(decodeStoredRecords(entry), {
        magic: message.magic as 0 | 1,
        compressionCode: 0,
        logAppendTimeMs: message.isLogAppendTime ? message.timestamp : null,
      })
    })
    expect(Buffer.concat(written).toString('hex')).toBe(vector.hex)
  },
)

test.each(valid.filter((v) => /^v[01]\/(gzip|snappy|lz4)/.test(v.case)))(
  'BAT-06 $case is written to what Kafka wrote before compression',
  (vector) => {
    const wrapper = entriesOf(vector.hex).batches[0] as LegacyMessage
    const written = writeLegacySet(decodeStoredRecords(wrapper), {
      magic: wrapper.magic as 0 | 1,
      compressionCode: wrapper.compressionCode,
      logAppendTimeMs: wrapper.isLogAppendTime ? wrapper.timestamp : null,
    })
    const again = entriesOf(written.toString('hex')).batches[0] as LegacyMessage
    expect([again.offset, again.timestamp, again.attributes, again.magic]).toEqual([
      wrapper.offset,
      wrapper.timestamp,
      wrapper.attributes,
      wrapper.magic,
    ])
    expect(again.hasValidCrc()).toBe(true)
    expect(plain(again)).toEqual(plain(wrapper))
  },
)

describe('conversion', () => {
  test.each(valid)('BAT-06 $case becomes record batches of the same records', (vector) => {
    const { batches } = entriesOf(vector.hex)
    const converted = upConvert(batches, 7)
    expect(converted.every((b) => b.magic === 2 && b.hasValidCrc())).toBe(true)
    expect(converted.flatMap(plain)).toEqual(batches.flatMap(plain))
    converted.forEach((batch) => {
      if (!batches.includes(batch)) expect(batch.partitionLeaderEpoch).toBe(7)
    })
  })

  test('messages that stand alone are gathered', () => {
    const { batches } = entriesOf(vectors.find((v) => v.case === 'v1/none/offset-gaps')!.hex)
    expect(upConvert(batches).length).toBe(1)
    const stamped = entriesOf(vectors.find((v) => v.case === 'v1/none/five/log-append-time')!.hex)
    const converted = upConvert(stamped.batches)
    expect(converted.length).toBe(1)
    expect(converted[0]!.isLogAppendTime).toBe(true)
  })

  test.each([0, 1] as const)('record batches become messages of magic %i', (magic) => {
    for (const vector of recordVectors('v2')) {
      const bytes = Buffer.from(vector.hex, 'hex')
      const { batches } = readStoredBatches(bytes)
      if (batches.some((b) => !b.hasValidCrc() || b.compressionCode === 4)) continue
      if (batches.some((b) => !Number.isSafeInteger((b as BatchView).lastOffset))) continue
      const { batches: converted, end } = readStoredBatches(downConvert(batches, magic))
      expect(end).toBe('complete')
      expect(converted.every((m) => m.magic === magic && m.hasValidCrc())).toBe(true)
      const expected = batches.flatMap(plain)
      if (magic === 0) for (const record of expected) record.timestamp = -1
      expect(converted.flatMap(plain)).toEqual(expected)
    }
  })

  test('records before the offset asked for and control batches are left out', () => {
    const builder = new BatchBuilder({ baseOffset: 10 })
    for (let n = 0; n < 4; n++) builder.append(n, null, Buffer.from([n]))
    const marker = endTransactionMarkerBatch({
      commit: true,
      coordinatorEpoch: 1,
      producerId: 1,
      producerEpoch: 1,
      timestampMs: 1,
      baseOffset: 14,
    })
    const { batches } = readStoredBatches(downConvert([builder.build(), marker], 1, 12))
    expect(batches.flatMap(plain).map((r) => r.offset)).toEqual([12, 13])
  })

  test('old enough entries come through as they are', () => {
    const vector = vectors.find((v) => v.case === 'v0/gzip/five')!
    const { batches } = entriesOf(vector.hex)
    expect(downConvert(batches, 1).toString('hex')).toBe(vector.hex)
  })

  test('magic 1 becomes magic 0', () => {
    const { batches } = entriesOf(vectors.find((v) => v.case === 'v1/lz4/five')!.hex)
    const converted = readStoredBatches(downConvert(batches, 0)).batches
    expect(converted[0]!.magic).toBe(0)
    expect(converted.flatMap(plain).map((r) => [r.offset, r.key])).toEqual(
      batches.flatMap(plain).map((r) => [r.offset, r.key]),
    )
  })

  test('zstd has no older form', () => {
    const builder = new BatchBuilder({ compression: 'zstd' })
    builder.append(1, null, null)
    expect(() => downConvert([builder.build()], 1)).toThrow(ApiError)
  })
})

test('a wrapper at offset 0 has the offsets inside it', () => {
  const records = [0, 1, 2].map((offset) => ({
    offset,
    timestamp: 5,
    key: null,
    value: bytesOf('aa'),
  }))
  const set = writeLegacySet(records, { magic: 1, compressionCode: 1, logAppendTimeMs: null })
  set.writeBigInt64BE(0n, 0)
  expect(decodeStoredRecords(readStoredBatches(set).batches[0]!).map((r) => r.offset)).toEqual([
    0, 1, 2,
  ])
})

test('cut and malformed ends are told apart', () => {
  const bytes = Buffer.from(vectors.find((v) => v.case === 'v1/none/five')!.hex, 'hex')
  expect(readStoredBatches(bytes.subarray(0, -1))).toMatchObject({ end: 'cut' })
  expect(readStoredBatches(bytes.subarray(0, 5))).toMatchObject({ end: 'cut', batches: [] })
  const wrong = Buffer.from(bytes)
  wrong[16] = 3
  expect(readStoredBatches(wrong)).toMatchObject({ end: 'malformed', sizeBytes: 0 })
  const short = Buffer.from(bytes)
  short.writeInt32BE(10, 8)
  expect(readStoredBatches(short)).toMatchObject({ end: 'malformed' })
})

test('mutated messages are read or refused, never a crash', () => {
  const originals = valid.map((v) => Buffer.from(v.hex, 'hex')).filter((b) => b.length < 300)
  const mutation = fc.tuple(fc.nat(), fc.nat(255))
  fc.assert(
    fc.property(
      fc.constantFrom(...originals),
      fc.array(mutation, { minLength: 1, maxLength: 4 }),
      (original, mutations) => {
        const bytes = Buffer.from(original)
        for (const [at, value] of mutations) bytes[at % bytes.length] = value
        for (const entry of readStoredBatches(bytes).batches) {
          entry.hasValidCrc()
          try {
            if (entry instanceof BatchView) {
              decodeRecords(entry, { maxBytes: 100_000 })
            } else decodeStoredRecords(entry, 100_000)
          } catch (error) {
            expect((error as { code?: string }).code).toMatch(/^BARNABAS_(MALFORMED|DECOMPRESSION)/)
          }
        }
      },
    ),
    { seed: 41, numRuns: 2000 },
  )
})
