import { readFileSync } from 'node:fs'
import { BatchView, readBatches } from '@barnabas/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'

interface Header {
  position: number
  sizeInBytes: number
  baseOffset: number
  crc: number
  valid: boolean
  partitionLeaderEpoch: number
  attributes: number
  lastOffsetDelta: number
  maxTimestamp: number | string
  producerId: number | string
  producerEpoch: number
  baseSequence: number
  count: number
  lastOffset: number
  lastSequence: number
  transactional: boolean
  control: boolean
  deleteHorizonMs: number | null
}

interface Vector {
  case: string
  hex: string
  batches: { header: Header }[]
  trailingBytes?: number
}

const text = readFileSync(new URL('../fixtures/batches-v2.jsonl', import.meta.url), 'utf8')
const vectors = text
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Vector)

const clamp = (value: number | string) =>
  Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)))

test.each(vectors)('NV-05 the header of $case is read as Apache Kafka reads it', (vector) => {
  const { batches, sizeBytes } = readBatches(Buffer.from(vector.hex, 'hex'))
  expect(batches.length).toBe(vector.batches.length)
  expect(vector.hex.length / 2 - sizeBytes).toBe(vector.trailingBytes ?? 0)
  vector.batches.forEach(({ header }, index) => {
    const batch = batches[index]!
    expect({
      position: batch.position,
      sizeInBytes: batch.sizeBytes,
      baseOffset: batch.baseOffset,
      crc: batch.crc,
      valid: batch.hasValidCrc(),
      partitionLeaderEpoch: batch.partitionLeaderEpoch,
      lastOffsetDelta: batch.lastOffsetDelta,
      maxTimestamp: batch.maxTimestamp,
      producerId: batch.producerId,
      producerEpoch: batch.producerEpoch,
      baseSequence: batch.baseSequence,
      count: batch.recordCount,
      lastOffset: batch.lastOffset,
      lastSequence: batch.lastSequence,
      transactional: batch.isTransactional,
      control: batch.isControl,
      deleteHorizonMs: batch.deleteHorizonMs,
    }).toEqual({
      position: header.position,
      sizeInBytes: header.sizeInBytes,
      baseOffset: header.baseOffset,
      crc: header.crc,
      valid: header.valid,
      partitionLeaderEpoch: header.partitionLeaderEpoch,
      lastOffsetDelta: header.lastOffsetDelta,
      maxTimestamp: clamp(header.maxTimestamp),
      producerId: clamp(header.producerId),
      producerEpoch: header.producerEpoch,
      baseSequence: header.baseSequence,
      count: header.count,
      lastOffset: header.lastOffset,
      lastSequence: header.lastSequence,
      transactional: header.transactional,
      control: header.control,
      deleteHorizonMs: header.deleteHorizonMs,
    })
  })
})

test('NV-05 base offset and leader epoch are patched without touching the CRC', () => {
  const bytes = Buffer.from(vectors.find((v) => v.batches[0]?.header.valid)!.hex, 'hex')
  const batch = new BatchView(bytes)
  batch.baseOffset = 2 ** 40 + 7
  batch.partitionLeaderEpoch = 12
  expect(batch.baseOffset).toBe(2 ** 40 + 7)
  expect(batch.partitionLeaderEpoch).toBe(12)
  expect(batch.hasValidCrc()).toBe(true)
})

test('PRD-21 log append time sets bit 3 and the largest timestamp, and recomputes the CRC', () => {
  const bytes = Buffer.from(vectors.find((v) => v.batches[0]?.header.valid)!.hex, 'hex')
  const batch = new BatchView(bytes)
  const baseTimestamp = batch.baseTimestamp
  batch.stampLogAppendTime(1_800_000_000_123)
  expect(batch.isLogAppendTime).toBe(true)
  expect(batch.maxTimestamp).toBe(1_800_000_000_123)
  expect(batch.baseTimestamp).toBe(baseTimestamp)
  expect(batch.hasValidCrc()).toBe(true)
})

test('any bytes end in batches, a cut or a malformed end, never in an exception', () => {
  const valid = Buffer.concat(vectors.slice(0, 8).map((v) => Buffer.from(v.hex, 'hex')))
  fc.assert(
    fc.property(fc.nat(valid.length - 1), fc.nat(255), fc.nat(valid.length), (at, byte, cut) => {
      const bytes = Buffer.from(valid)
      bytes[at] = byte
      const { batches, sizeBytes } = readBatches(bytes.subarray(0, cut))
      expect(sizeBytes).toBeLessThanOrEqual(cut)
      expect(batches.reduce((sum, batch) => sum + batch.sizeBytes, 0)).toBe(sizeBytes)
    }),
    { seed: 20 },
  )
})
