import {
  BatchBuilder,
  type BatchBuilderOptions,
  type BatchView,
  compressionCodecs,
  decodeRecords,
  endTransactionMarkerBatch,
  readEndTransactionMarker,
} from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'
import { BatchFilter } from '../../src/compaction/batch-filter.ts'
import type { ActiveProducer } from '../../src/compaction/compactable-log.ts'
import { CompactionStatistics } from '../../src/compaction/compaction-statistics.ts'
import { OffsetMap } from '../../src/compaction/offset-map.ts'
import type { AbortedTransaction } from '../../src/index/transaction-index.ts'

const NOW = 1_000_000
const RETENTION = 5000

interface Setup {
  /** Newest offset by key. */
  newest?: Record<string, number>
  mapEndOffset?: number
  roundEndOffset?: number
  nowMs?: number
  producers?: [id: number, ActiveProducer][]
  aborted?: AbortedTransaction[]
}

function filterWith(setup: Setup = {}): { filter: BatchFilter; statistics: CompactionStatistics } {
  const map = new OffsetMap({ memoryBytes: 24_000, loadFactor: 0.9, keysMax: 100 })
  for (const [key, offset] of Object.entries(setup.newest ?? {})) {
    const bytes = Buffer.from(key)
    map.put(bytes, 0, bytes.length, offset)
  }
  const statistics = new CompactionStatistics()
  const filter = new BatchFilter(
    {
      map,
      mapEndOffset: setup.mapEndOffset ?? Number.MAX_SAFE_INTEGER,
      roundEndOffset: setup.roundEndOffset ?? -1,
      nowMs: setup.nowMs ?? NOW,
      deleteRetentionMs: RETENTION,
    },
    statistics,
  )
  filter.producers = new Map(setup.producers)
  filter.transactions.add(setup.aborted ?? [])
  return { filter, statistics }
}

type Row = [key: string | null, value: string | null, timestamp?: number]

function made(rows: Row[], options: BatchBuilderOptions = {}): BatchView {
  const builder = new BatchBuilder({ baseOffset: 10, partitionLeaderEpoch: 3, ...options })
  for (const [key, value, timestamp] of rows) {
    const bytes = (text: string | null) => (text === null ? null : Buffer.from(text))
    builder.append(timestamp ?? 100, bytes(key), bytes(value), [
      { key: 'h', value: Buffer.from(`${key} header`) },
    ])
  }
  return builder.build()
}

const rowsOf = (batch: BatchView) =>
  decodeRecords(batch).map(({ offset, timestamp, key, value }) => [
    offset,
    timestamp,
    key?.toString() ?? null,
    value?.toString() ?? null,
  ])

describe('data', () => {
  test('CMP-03 a record stays while it is the newest of its key', () => {
    const batch = made([
      ['a', 'old'],
      ['b', 'only'],
      ['a', 'new'],
    ])
    const { filter, statistics } = filterWith({ newest: { a: 12, b: 11 } })
    const kept = filter.filter(batch)!
    expect(rowsOf(kept)).toEqual([
      [11, 100, 'b', 'only'],
      [12, 100, 'a', 'new'],
    ])
    expect(statistics).toMatchObject({ recordsRead: 3, recordsWritten: 2 })
    // A key that did not come in the dirty part has its newest record here.
    expect(filterWith({ newest: {} }).filter.filter(batch)).toBe(batch)
    expect(filterWith({ newest: { a: 99, b: 99 } }).filter.filter(batch)).toBeNull()
  })

  test('CMP-12 what the map does not speak of stays', () => {
    const batch = made([
      ['a', '1'],
      ['a', '2'],
      [null, '3'],
    ])
    const { filter } = filterWith({ newest: { a: 99 }, mapEndOffset: 11 })
    expect(rowsOf(filter.filter(batch)!).map(([offset]) => offset)).toEqual([11, 12])
  })

  test('CMP-08 records without a key are dropped and counted', () => {
    const batch = made([
      [null, 'x'],
      ['a', 'y'],
      [null, null],
    ])
    const { filter, statistics } = filterWith()
    expect(rowsOf(filter.filter(batch)!)).toEqual([[11, 100, 'a', 'y']])
    expect(statistics.recordsWithoutKey).toBe(2)
  })

  test('CMP-09 BAT-05 base, last offset and everything of the producer stay as they were', () => {
    const options = { producerId: 7, producerEpoch: 2, baseSequence: 40 }
    const batch = made(
      [
        ['a', '1', 500],
        ['b', '2', 300],
        ['c', '3', 900],
        ['d', '4', 100],
      ],
      options,
    )
    const kept = filterWith({ newest: { a: 90, c: 90, d: 90 } }).filter.filter(batch)!
    expect(kept).toMatchObject({
      baseOffset: 10,
      lastOffset: 13,
      nextOffset: 14,
      producerId: 7,
      producerEpoch: 2,
      baseSequence: 40,
      lastSequence: 43,
      partitionLeaderEpoch: 3,
      recordCount: 1,
      maxTimestamp: 300,
      baseTimestamp: 300,
    })
    expect(kept.hasValidCrc()).toBe(true)
    expect(decodeRecords(kept)[0]!.headers[0]!.value!.toString()).toBe('b header')
  })

  test.each(compressionCodecs.map(({ type }) => type))(
    'what is left of a batch is compressed as it was: %s',
    (compression) => {
      const value = 'value '.repeat(50)
      const batch = made(
        [
          ['a', value],
          ['b', value],
          ['c', value],
        ],
        { compression },
      )
      const kept = filterWith({ newest: { a: 90 } }).filter.filter(batch)!
      expect(kept.compressionCode).toBe(batch.compressionCode)
      expect(rowsOf(kept)).toEqual([
        [11, 100, 'b', value],
        [12, 100, 'c', value],
      ])
    },
  )

  test('log append time stays the time of every record', () => {
    const batch = made(
      [
        ['a', '1', 5],
        ['b', null, 6],
      ],
      { logAppendTimeMs: 777 },
    )
    const kept = filterWith({ newest: { a: 90 } }).filter.filter(batch)!
    expect(kept.isLogAppendTime).toBe(true)
    expect(kept.maxTimestamp).toBe(777)
    expect(rowsOf(kept)).toEqual([[11, 777, 'b', null]])
  })

  test('a batch that does not match its checksum is not given a new one', () => {
    const batch = made([
      ['a', '1'],
      ['b', '2'],
    ])
    batch.buffer[batch.sizeBytes - 3]! ^= 1
    expect(() => filterWith({ newest: { a: 90 } }).filter.filter(batch)).toThrow('checksum')
  })
})

describe('tombstones', () => {
  const rows: Row[] = [
    ['a', 'x', 400],
    ['b', null, 300],
  ]

  test('CMP-04 NV-29 the first pass stamps the horizon, a pass after it drops the tombstone', () => {
    const first = filterWith({ newest: { a: 10, b: 11 } }).filter.filter(made(rows))!
    expect(first.deleteHorizonMs).toBe(NOW + RETENTION)
    expect(rowsOf(first)).toEqual([
      [10, 400, 'a', 'x'],
      [11, 300, 'b', null],
    ])
    const early = filterWith({ nowMs: NOW + RETENTION - 1 })
    expect(early.filter.filter(first)).toBe(first)
    const late = filterWith({ nowMs: NOW + RETENTION }).filter.filter(first)!
    expect(rowsOf(late)).toEqual([[10, 400, 'a', 'x']])
    expect(late.deleteHorizonMs).toBe(NOW + RETENTION)
    expect(late.lastOffset).toBe(11)
  })

  test('CMP-04 a horizon once stamped is not moved', () => {
    const first = filterWith().filter.filter(made(rows))!
    const second = filterWith({ nowMs: NOW + 100, newest: { a: 90 } }).filter.filter(first)!
    expect(second.deleteHorizonMs).toBe(NOW + RETENTION)
    expect(rowsOf(second)).toEqual([[11, 300, 'b', null]])
  })

  test('CMP-03 a tombstone that is superseded goes at once', () => {
    const kept = filterWith({ newest: { b: 90 } }).filter.filter(made(rows))!
    expect(rowsOf(kept)).toEqual([[10, 400, 'a', 'x']])
    expect(kept.deleteHorizonMs).toBeNull()
  })

  test('CMP-04 timestamps are exact though the batch now begins with the horizon', () => {
    const far: Row[] = [
      ['a', 'x', 8_640_000_000_000_000],
      ['b', null, 0],
      ['c', 'y', -1],
    ]
    const kept = filterWith().filter.filter(made(far))!
    expect(rowsOf(kept).map(([, timestamp]) => timestamp)).toEqual([8_640_000_000_000_000, 0, -1])
    expect(kept.maxTimestamp).toBe(8_640_000_000_000_000)
  })
})

describe('producers', () => {
  const options = { producerId: 7, producerEpoch: 2, baseSequence: 40 }
  const rows: Row[] = [
    ['a', '1', 55],
    ['b', '2', 66],
  ]

  test('CMP-07 BAT-04 the last batch of an active producer stays, empty if need be', () => {
    const setup: Setup = {
      newest: { a: 90, b: 90 },
      producers: [[7, { epoch: 2, lastDataOffset: 11 }]],
    }
    const empty = filterWith(setup).filter.filter(made(rows, options))!
    expect(empty).toMatchObject({
      recordCount: 0,
      baseOffset: 10,
      lastOffset: 11,
      producerId: 7,
      producerEpoch: 2,
      lastSequence: 41,
      maxTimestamp: 66,
      baseTimestamp: -1,
    })
    expect(empty.hasValidCrc()).toBe(true)
    expect(filterWith(setup).filter.filter(empty)).toBe(empty)
    // Once the producer went on or is forgotten, nothing is left.
    const moved: Setup = { producers: [[7, { epoch: 2, lastDataOffset: 30 }]] }
    expect(filterWith(moved).filter.filter(empty)).toBeNull()
    expect(filterWith().filter.filter(empty)).toBeNull()
  })

  test('CMP-07 the last batch of the round stays', () => {
    const { filter } = filterWith({ newest: { a: 90, b: 90 }, roundEndOffset: 12 })
    expect(filter.filter(made(rows))).toMatchObject({ recordCount: 0, nextOffset: 12 })
  })

  test('CMP-07 a marker stays where it is all that is known of the producer', () => {
    const marker = endTransactionMarkerBatch({
      commit: true,
      coordinatorEpoch: 1,
      producerId: 7,
      producerEpoch: 2,
      timestampMs: 5,
    })
    const stamped = filterWith().filter.filter(marker)!
    const after = { nowMs: NOW + RETENTION }
    const known: Setup = { ...after, producers: [[7, { epoch: 2, lastDataOffset: -1 }]] }
    expect(filterWith(known).filter.filter(stamped)).toMatchObject({
      recordCount: 0,
      isControl: true,
      producerEpoch: 2,
    })
    const older: Setup = { ...after, producers: [[7, { epoch: 3, lastDataOffset: -1 }]] }
    expect(filterWith(older).filter.filter(stamped)).toBeNull()
  })
})

describe('transactions', () => {
  const options = { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true }
  const aborted: AbortedTransaction[] = [
    { producerId: 7, firstOffset: 10, lastOffset: 12, lastStableOffset: 13 },
  ]
  const data = () =>
    made(
      [
        ['a', '1'],
        ['b', '2'],
      ],
      options,
    )
  const marker = (commit: boolean) =>
    endTransactionMarkerBatch({
      commit,
      coordinatorEpoch: 4,
      producerId: 7,
      producerEpoch: 0,
      timestampMs: 150,
      baseOffset: 12,
    })

  test('CMP-05 aborted records go whatever their keys, the marker stays and so does the index', () => {
    const { filter } = filterWith({ aborted })
    expect(filter.filter(data())).toBeNull()
    const end = marker(false)
    // Data was met before it in this very pass.
    expect(filter.filter(end)).toBe(end)
    expect(filter.transactions.kept).toEqual(aborted)
    // The producer's next transaction is another one.
    const next = made([['c', '3']], { ...options, baseOffset: 20, baseSequence: 2 })
    expect(filter.filter(next)).toBe(next)
  })

  test('CMP-06 a marker goes when its data is gone and its horizon has passed', () => {
    const first = filterWith({ aborted })
    const stamped = first.filter.filter(marker(false))!
    expect(stamped.deleteHorizonMs).toBe(NOW + RETENTION)
    expect(readEndTransactionMarker(stamped)).toEqual({ commit: false, coordinatorEpoch: 4 })
    expect(decodeRecords(stamped)[0]!.timestamp).toBe(150)
    expect(first.filter.transactions.kept).toEqual([])
    expect(filterWith({ nowMs: NOW + RETENTION - 1 }).filter.filter(stamped)).toBe(stamped)
    expect(filterWith({ nowMs: NOW + RETENTION }).filter.filter(stamped)).toBeNull()
  })

  test('CMP-06 a commit stays while records of its transaction do', () => {
    const { filter } = filterWith()
    const batch = data()
    expect(filter.filter(batch)).toBe(batch)
    const end = marker(true)
    expect(filter.filter(end)).toBe(end)
    // The next commit of the producer has no data before it.
    const lonely = filter.filter(marker(true))!
    expect(lonely.deleteHorizonMs).toBe(NOW + RETENTION)
  })

  test('CMP-07 an empty batch of an aborted transaction keeps marker and index alive', () => {
    const { filter } = filterWith({
      aborted,
      producers: [[7, { epoch: 0, lastDataOffset: 11 }]],
    })
    const empty = filter.filter(data())!
    expect(empty).toMatchObject({ recordCount: 0, isTransactional: true })
    const end = marker(false)
    expect(filter.filter(end)).toBe(end)
    expect(filter.transactions.kept).toEqual(aborted)
  })

  test('control records of other kinds stay', () => {
    const builder = new BatchBuilder({ isControl: true })
    builder.append(1, Buffer.from([0, 0, 0, 2]), Buffer.from('leader'))
    const other = builder.build()
    expect(filterWith({ nowMs: 9e12 }).filter.filter(other)).toBe(other)
  })
})
