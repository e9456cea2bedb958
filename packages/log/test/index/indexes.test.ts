import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { OffsetIndex } from '../../src/index/offset-index.ts'
import { TimeIndex } from '../../src/index/time-index.ts'
import { TransactionIndex } from '../../src/index/transaction-index.ts'
import { parseSegmentFileName } from '../../src/files/file-names.ts'
import { allKafkaFiles } from '../support/kafka-data.ts'

const MIB_10 = 10 * 1024 * 1024

function withoutPadding(bytes: Buffer): Buffer {
  let { length } = bytes
  while (length > 0 && bytes[length - 1] === 0) length--
  return bytes.subarray(0, length)
}

function kafkaIndexes(suffix: string) {
  return allKafkaFiles().flatMap(([path, content]) => {
    const name = parseSegmentFileName(path.split('/').at(-1)!)
    return name?.suffix === suffix ? [{ path, content, baseOffset: name.offset }] : []
  })
}

describe('offset index', () => {
  test("FIL-03 reads Kafka's files, the preallocated ones of a killed broker too", () => {
    let entries = 0
    for (const { path, content, baseOffset } of kafkaIndexes('.index')) {
      const index = OffsetIndex.load(path, baseOffset, MIB_10, content)
      expect(withoutPadding(index.bytes), path).toEqual(withoutPadding(content))
      entries += index.count
    }
    expect(entries).toBeGreaterThan(2)
  })

  test('lookups, truncation and fullness follow a list', () => {
    const gaps = fc.array(
      fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 99 })),
      {
        maxLength: 40,
      },
    )
    fc.assert(
      fc.property(gaps, fc.nat(400), fc.nat(400), (steps, wanted, cut) => {
        const index = new OffsetIndex(1000, 8 * 30)
        let model: { offset: number; position: number }[] = []
        let offset = 1000
        let position = 0
        for (const [a, b] of steps) {
          offset += a
          position += b
          if (!index.isFull) {
            index.append(offset, position)
            model.push({ offset, position })
          }
        }
        const check = () => {
          const floor = model.findLast((entry) => entry.offset <= 1000 + wanted)
          expect(index.lookup(1000 + wanted)).toBe(floor?.position ?? 0)
          expect(index.lastOffset).toBe(model.at(-1)?.offset ?? 1000)
          expect(index.lastPosition).toBe(model.at(-1)?.position ?? 0)
          const beyond = model.find((entry) => entry.position >= wanted)
          expect(index.positionBeyond(0, wanted)).toBe(beyond?.position ?? null)
          expect(index.count).toBe(model.length)
          expect(index.isFull).toBe(model.length === 30)
        }
        check()
        index.truncateTo(1000 + cut)
        model = model.filter((entry) => entry.offset < 1000 + cut)
        check()
        expect(OffsetIndex.load('f', 1000, 240, index.bytes).bytes).toEqual(index.bytes)
      }),
    )
  })

  test('REC-04 content that is no index is found out', () => {
    const index = new OffsetIndex(0, MIB_10)
    index.append(5, 100)
    index.append(9, 300)
    const load = (bytes: Buffer) => OffsetIndex.load('f', 0, MIB_10, bytes)
    expect(() => load(index.bytes.subarray(0, 13))).toThrow('f: ')
    const swapped = Buffer.concat([index.bytes.subarray(8), index.bytes.subarray(0, 8)])
    expect(() => load(swapped)).toThrow('f: ')
    expect(() => load(Buffer.from('ffffffff00000001', 'hex'))).toThrow('f: ')
  })
})

describe('time index', () => {
  test("FIL-04 reads Kafka's files, the preallocated ones of a killed broker too", () => {
    let entries = 0
    for (const { path, content, baseOffset } of kafkaIndexes('.timeindex')) {
      const index = TimeIndex.load(path, baseOffset, MIB_10, content)
      expect(withoutPadding(index.bytes), path).toEqual(withoutPadding(content))
      entries += index.count
    }
    expect(entries).toBeGreaterThan(10)
  })

  test('lookups and truncation follow a list', () => {
    const steps = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: -9, max: 30 })),
      {
        maxLength: 40,
      },
    )
    fc.assert(
      fc.property(steps, fc.nat(900), fc.nat(300), (list, wanted, cut) => {
        const index = new TimeIndex(50, MIB_10)
        let model: { offset: number; timestamp: number }[] = []
        let offset = 50
        let timestamp = 0
        for (const [a, b] of list) {
          offset += a
          timestamp += b
          const larger = timestamp > (model.at(-1)?.timestamp ?? -1)
          expect(index.maybeAppend(timestamp, offset)).toBe(larger)
          if (larger) model.push({ offset, timestamp })
        }
        const none = { timestamp: -1, offset: 50 }
        const check = () => {
          const floor = model.findLast((entry) => entry.timestamp <= wanted)
          expect(index.lookup(wanted)).toEqual(floor ?? none)
          expect(index.last).toEqual(model.at(-1) ?? none)
        }
        check()
        index.truncateTo(50 + cut)
        model = model.filter((entry) => entry.offset < 50 + cut)
        check()
        expect(TimeIndex.load('f', 50, MIB_10, index.bytes).bytes).toEqual(index.bytes)
      }),
    )
  })

  test('ROL-01 one entry is kept free for the last timestamp of the segment', () => {
    const index = new TimeIndex(0, 12 * 3)
    index.maybeAppend(1, 0)
    expect(index.isFull).toBe(false)
    index.maybeAppend(2, 1)
    expect(index.isFull).toBe(true)
  })

  test('REC-04 content that is no index is found out', () => {
    const index = new TimeIndex(0, MIB_10)
    index.maybeAppend(5, 100)
    index.maybeAppend(9, 300)
    const load = (bytes: Buffer) => TimeIndex.load('f', 0, MIB_10, bytes)
    expect(() => load(index.bytes.subarray(0, 13))).toThrow('f: ')
    const swapped = Buffer.concat([index.bytes.subarray(12), index.bytes.subarray(0, 12)])
    expect(() => load(swapped)).toThrow('f: ')
  })
})

describe('transaction index', () => {
  test("FIL-05 reads and writes Kafka's files", () => {
    let entries = 0
    for (const { path, content, baseOffset } of kafkaIndexes('.txnindex')) {
      const index = TransactionIndex.load(path, baseOffset, content)
      expect(index.bytes, path).toEqual(content)
      entries += index.transactions.length
    }
    expect(entries).toBeGreaterThan(2)
  })

  test('overlap, stop and truncation', () => {
    const index = new TransactionIndex(0)
    index.append({ producerId: 1, firstOffset: 0, lastOffset: 10, lastStableOffset: 2 })
    index.append({ producerId: 2, firstOffset: 2, lastOffset: 20, lastStableOffset: 21 })
    index.append({ producerId: 1, firstOffset: 30, lastOffset: 40, lastStableOffset: 41 })
    const collect = (from: number, to: number) => {
      const found: { producerId: number; firstOffset: number }[] = []
      const complete = index.collect(from, to, found as never)
      return { found: found.map((t) => [t.producerId, t.firstOffset]), complete }
    }
    expect(collect(0, 1)).toEqual({ found: [[1, 0]], complete: true })
    expect(collect(11, 21)).toEqual({ found: [[2, 2]], complete: true })
    expect(collect(0, 100)).toEqual({
      found: [
        [1, 0],
        [2, 2],
        [1, 30],
      ],
      complete: false,
    })
    expect(collect(41, 50)).toEqual({ found: [], complete: false })
    index.truncateTo(20)
    expect(index.transactions.length).toBe(1)
    expect(() => TransactionIndex.load('f', 11, index.bytes)).toThrow('f: ')
    expect(() => TransactionIndex.load('f', 0, index.bytes.subarray(1))).toThrow('f: ')
  })
})
