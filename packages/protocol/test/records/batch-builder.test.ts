import {
  BatchBuilder,
  BatchView,
  type CompressionType,
  DELETE_HORIZON_FLAG,
  decodeRecords,
  emptyBatchOf,
  MalformedRecordError,
  readBatches,
  recordBytesMax,
  scanRecords,
} from '@barnabas/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bytesOf, clamped, hexOf, type RecordVector, recordVectors } from './vectors.ts'

const vectors = [...recordVectors('v2'), ...recordVectors('control')]
const types: CompressionType[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

test.each(vectors)(
  'BAT-03 BAT-04 BAT-05 records of $case are read as Apache Kafka reads them',
  (vector) => {
    const { batches } = readBatches(Buffer.from(vector.hex, 'hex'))
    expect(batches.length).toBe(vector.batches.length)
    batches.forEach((batch, index) => {
      const { header, records } = vector.batches[index]!
      expect(batch.hasValidCrc()).toBe(header.valid)
      if (records === undefined) return
      const decoded = decodeRecords(batch).map((record) => ({
        offset: clamped(record.offset),
        timestamp: record.timestamp,
        key: hexOf(record.key),
        value: hexOf(record.value),
        headers: record.headers.map((h) => ({ key: h.key, value: hexOf(h.value) })),
      }))
      expect(decoded).toEqual(
        records.map(({ offset, timestamp, key, value, headers }) => ({
          offset: clamped(offset),
          timestamp: clamped(timestamp),
          key,
          value,
          headers,
        })),
      )
    })
  },
)

/** What a number cannot hold exactly cannot be written back exactly either. */
const exact = (vector: RecordVector) =>
  vector.batches.every(({ header, records }) =>
    [
      header.baseOffset,
      header.producerId,
      header.maxTimestamp,
      ...records!.map((r) => r.timestamp),
    ].every((value) => typeof value === 'number'),
  )
const rebuildable = vectors.filter(
  (vector) =>
    vector.batches.every(({ header }) => header.valid && header.compression === 'none') &&
    vector.trailingBytes === undefined &&
    vector.case !== 'empty-batch' &&
    exact(vector),
)

test.each(rebuildable)('$case is built again to the same bytes', (vector) => {
  const built = vector.batches.map(({ header, records }) => {
    const baseOffset = Number(header.baseOffset)
    const logAppend = header.timestampType === 'LogAppendTime'
    const builder = new BatchBuilder({
      baseOffset,
      partitionLeaderEpoch: header.partitionLeaderEpoch,
      producerId: Number(header.producerId),
      producerEpoch: header.producerEpoch,
      baseSequence: header.baseSequence,
      isTransactional: header.transactional,
      isControl: header.control,
      ...(logAppend ? { logAppendTimeMs: Number(header.maxTimestamp) } : {}),
      ...(header.attributes & DELETE_HORIZON_FLAG
        ? { deleteHorizonMs: Number(header.baseTimestamp) }
        : {}),
      initialBytes: 100,
    })
    // Log append time hides the timestamps of the records: those of the same records without it.
    const plain = vectors.find((v) => v.case === vector.case.replace('/log-append-time', ''))
    const source = logAppend && plain ? plain.batches[0]!.records! : records!
    source.forEach((record, index) => {
      builder.appendAt(
        Number(records![index]!.offset) - baseOffset,
        Number(record.timestamp),
        bytesOf(record.key),
        bytesOf(record.value),
        record.headers.map((h) => ({ key: h.key, value: bytesOf(h.value) })),
      )
    })
    builder.extendTo(header.lastOffsetDelta)
    return Buffer.from(builder.build().bytes)
  })
  expect(Buffer.concat(built).toString('hex')).toBe(vector.hex)
})

const nullableBytes = fc.option(fc.uint8Array({ maxLength: 40 }))
const recordArbitrary = fc.record({
  timestamp: fc.oneof(
    fc.integer({ min: -1, max: 2 ** 42 }),
    fc.constantFrom(-1, 0, 1.7e12, Number.MAX_SAFE_INTEGER),
  ),
  key: nullableBytes,
  value: nullableBytes,
  headers: fc.array(
    fc.record({ key: fc.string({ unit: 'grapheme', maxLength: 12 }), value: nullableBytes }),
    { maxLength: 4 },
  ),
  gap: fc.oneof(fc.constant(0), fc.nat(300)),
})

describe.each(types)('%s', (compression) => {
  test('what is built is read back', () => {
    const property = fc.property(
      fc.array(recordArbitrary, { maxLength: 20 }),
      fc.nat(2 ** 40),
      (records, baseOffset) => {
        const builder = new BatchBuilder({ compression, baseOffset, initialBytes: 64 })
        const offsets = records.map((record) => {
          const delta = builder.nextOffsetDelta + record.gap
          builder.appendAt(delta, record.timestamp, record.key, record.value, record.headers)
          return baseOffset + delta
        })
        const batch = builder.build()
        expect(batch.hasValidCrc()).toBe(true)
        expect(batch.recordCount).toBe(records.length)
        expect(batch.maxTimestamp).toBe(Math.max(-1, ...records.map((r) => r.timestamp)))
        expect(batch.lastOffset).toBe(offsets.at(-1) ?? baseOffset - 1)
        const decoded = decodeRecords(batch)
        expect(decoded.map((r) => r.offset)).toEqual(offsets)
        decoded.forEach((record, index) => {
          const expected = records[index]!
          expect(record.timestamp).toBe(expected.timestamp)
          expect(hexOf(record.key)).toBe(hexOf(expected.key))
          expect(hexOf(record.value)).toBe(hexOf(expected.value))
          expect(record.headers.map((h) => [h.key, hexOf(h.value)])).toEqual(
            expected.headers.map((h) => [h.key, hexOf(h.value)]),
          )
        })
      },
    )
    fc.assert(property, { seed: 11, numRuns: 150 })
  })

  test('mutated batches are read or refused, never a crash, a hang or a flood', () => {
    const builder = new BatchBuilder({ compression })
    for (let n = 0; n < 30; n++) {
      builder.append(1.7e12 + n, Buffer.from(`key-${n % 7}`), Buffer.alloc(n * 9, 'v'), [
        { key: 'h', value: n % 2 ? null : Buffer.from('x') },
      ])
    }
    const original = Buffer.from(builder.build().bytes)
    const property = fc.property(
      fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 5 }),
      (mutations) => {
        const bytes = Buffer.from(original)
        for (const [at, value] of mutations) bytes[at] = value
        for (const batch of readBatches(bytes).batches) {
          try {
            decodeRecords(batch, { maxBytes: 1_000_000 })
          } catch (error) {
            expect((error as { code?: string }).code).toMatch(/^BARNABAS_(MALFORMED|DECOMPRESSION)/)
          }
        }
      },
    )
    fc.assert(property, { seed: 12, numRuns: 1000 })
  })
})

test('BAT-04 a batch emptied by compaction keeps offsets and producer, as by Apache Kafka', () => {
  const vector = vectors.find((v) => v.case === 'empty-batch')!
  const { header } = vector.batches[0]!
  for (const compression of types) {
    const builder = new BatchBuilder({
      compression,
      baseOffset: Number(header.baseOffset),
      partitionLeaderEpoch: header.partitionLeaderEpoch,
      producerId: Number(header.producerId),
      producerEpoch: header.producerEpoch,
      baseSequence: header.baseSequence,
      isTransactional: true,
      deleteHorizonMs: 5,
    })
    builder.append(Number(header.maxTimestamp), Buffer.from('k'), null)
    builder.extendTo(header.lastOffsetDelta)
    const empty = emptyBatchOf(builder.build())
    expect(empty.bytes.toString('hex')).toBe(vector.hex)
    expect(decodeRecords(empty)).toEqual([])
    expect(empty.nextOffset).toBe(Number(header.lastOffset) + 1)
  }
})

test('records before the offset asked for are left out', () => {
  const builder = new BatchBuilder({ baseOffset: 100 })
  for (let n = 0; n < 5; n++) builder.append(n, null, Buffer.from([n]))
  const batch = builder.build()
  expect(decodeRecords(batch, { fromOffset: 103 }).map((r) => r.offset)).toEqual([103, 104])
  expect(decodeRecords(batch, { fromOffset: 105 })).toEqual([])
})

test('NV-05 producer fields stamped at sending keep the CRC right', () => {
  const builder = new BatchBuilder({ compression: 'lz4' })
  builder.append(5, null, Buffer.from('v'))
  const batch = builder.build()
  batch.stampProducer(2 ** 40, 7, 2147483647)
  expect([batch.producerId, batch.producerEpoch, batch.baseSequence]).toEqual([
    2 ** 40,
    7,
    2147483647,
  ])
  expect(batch.hasValidCrc()).toBe(true)
})

test('a batch is full by the estimate of its size, but takes one record of any size', () => {
  const value = Buffer.alloc(1000)
  const builder = new BatchBuilder()
  expect(builder.hasRoomFor(100, null, value)).toBe(true)
  while (builder.hasRoomFor(16384, null, value)) builder.append(1, null, value)
  const size = builder.build().sizeBytes
  expect(size).toBeLessThanOrEqual(16384)
  expect(size).toBeGreaterThan(16384 - 2 * recordBytesMax(null, value))
  const half = new BatchBuilder({ compression: 'gzip', compressionRatio: 0.5 })
  while (half.hasRoomFor(16384, null, value)) half.append(1, null, value)
  expect(half.uncompressedSizeBytes).toBeGreaterThan(30_000)
})

test('no record is larger than its upper bound', () => {
  fc.assert(
    fc.property(recordArbitrary, ({ timestamp, key, value, headers, gap }) => {
      const builder = new BatchBuilder({ initialBytes: 61 })
      builder.appendAt(gap, 0, null, null)
      const before = builder.uncompressedSizeBytes
      builder.appendAt(gap + 1, timestamp, key, value, headers)
      const size = builder.uncompressedSizeBytes - before
      expect(size).toBeLessThanOrEqual(recordBytesMax(key, value, headers))
    }),
    { seed: 13 },
  )
})

describe('scan', () => {
  const scanOf = (vector: RecordVector) => {
    const batch = new BatchView(Buffer.from(vector.hex, 'hex'))
    return scanRecords(batch.recordBytes, batch.recordCount)
  }
  const plain = vectors.filter((v) => v.batches[0]!.header.compression === 'none')

  test.each(plain)('$case is well-formed, its keys and timestamps are counted', (vector) => {
    const { header, records } = vector.batches[0]!
    if (records === undefined) return
    const scan = scanOf(vector)
    expect(scan.withoutKey).toBe(records.filter((r) => r.key === null).length)
    expect(scan.sequential).toBe(
      records.every((r, n) => clamped(r.offset) === clamped(Number(header.baseOffset) + n)),
    )
    if (header.timestampType === 'LogAppendTime' || records.length === 0) return
    const timestamps = records.map((r) => clamped(r.timestamp))
    const base = clamped(header.baseTimestamp)
    expect(clamped(base + scan.minTimestampDelta)).toBe(Math.min(...timestamps))
    expect(clamped(base + scan.maxTimestampDelta)).toBe(Math.max(...timestamps))
  })

  test('what the scan takes the cursor takes, and what it refuses the cursor refuses', () => {
    const batches = plain.map((v) => new BatchView(Buffer.from(v.hex, 'hex')))
    const property = fc.property(
      fc.constantFrom(...batches),
      fc.nat(),
      fc.nat(255),
      fc.integer({ min: -1, max: 1 }),
      (batch, at, byte, countError) => {
        const bytes = Buffer.from(batch.recordBytes)
        if (bytes.length > 0) bytes[at % bytes.length] = byte
        const count = Math.max(0, batch.recordCount + countError)
        const copy = new BatchBuilder().build()
        const whole = Buffer.concat([copy.bytes, bytes])
        whole.writeInt32BE(whole.length - 12, 8)
        whole.writeInt32BE(count, 57)
        let scanned = true
        let read = true
        try {
          scanRecords(bytes, count)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedRecordError)
          scanned = false
        }
        try {
          decodeRecords(new BatchView(whole))
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedRecordError)
          read = false
        }
        expect(scanned).toBe(read)
      },
    )
    fc.assert(property, { seed: 14, numRuns: 3000 })
  })
})
