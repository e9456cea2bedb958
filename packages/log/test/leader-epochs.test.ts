import { describe, expect, test } from 'vitest'
import { parseEpochs } from '../src/files/leader-epoch-checkpoint.ts'
import { LeaderEpochs } from '../src/leader-epochs.ts'
import { allKafkaFiles } from './support/kafka-data.ts'

const epochs = () =>
  new LeaderEpochs([
    { epoch: 2, startOffset: 10 },
    { epoch: 4, startOffset: 20 },
    { epoch: 7, startOffset: 35 },
  ])

describe('end of an epoch', () => {
  test('OLE-01 the latest epoch ends where the log ends', () => {
    expect(epochs().endOffsetFor(7, 50)).toEqual({ epoch: 7, endOffset: 50 })
  })

  test('OLE-02 an epoch to come, or none, is undefined', () => {
    expect(epochs().endOffsetFor(8, 50)).toEqual({ epoch: -1, endOffset: -1 })
    expect(epochs().endOffsetFor(-1, 50)).toEqual({ epoch: -1, endOffset: -1 })
    expect(new LeaderEpochs().endOffsetFor(0, 50)).toEqual({ epoch: -1, endOffset: -1 })
  })

  test('OLE-03 an epoch before the first known one ends where that starts', () => {
    expect(epochs().endOffsetFor(1, 50)).toEqual({ epoch: 1, endOffset: 10 })
  })

  test('OLE-04 in between, the epoch at or below it ends where the next starts', () => {
    expect(epochs().endOffsetFor(2, 50)).toEqual({ epoch: 2, endOffset: 20 })
    expect(epochs().endOffsetFor(3, 50)).toEqual({ epoch: 2, endOffset: 20 })
    expect(epochs().endOffsetFor(6, 50)).toEqual({ epoch: 4, endOffset: 35 })
  })
})

test('an assignment replaces what contradicts it', () => {
  const e = epochs()
  expect(e.assign(7, 40)).toBe(false)
  expect(e.assign(7, 35)).toBe(false)
  expect(e.assign(7, 30)).toBe(true)
  expect(e.entries.at(-1)).toEqual({ epoch: 7, startOffset: 30 })
  expect(e.assign(9, 20)).toBe(true)
  expect(e.entries).toEqual([
    { epoch: 2, startOffset: 10 },
    { epoch: 9, startOffset: 20 },
  ])
  expect(e.assign(3, 60)).toBe(true)
  expect(e.entries).toEqual([
    { epoch: 2, startOffset: 10 },
    { epoch: 3, startOffset: 60 },
  ])
  const empty = new LeaderEpochs([{ epoch: 0, startOffset: 0 }])
  empty.assign(2, 0)
  expect(empty.entries).toEqual([{ epoch: 2, startOffset: 0 }])
})

test('truncation at either end', () => {
  const e = epochs()
  expect(e.truncateFromEnd(36)).toBe(false)
  expect(e.truncateFromEnd(35)).toBe(true)
  expect(e.latestEpoch).toBe(4)
  expect(e.truncateFromStart(9)).toBe(false)
  expect(e.truncateFromStart(10)).toBe(false)
  expect(e.truncateFromStart(12)).toBe(true)
  expect(e.entries).toEqual([
    { epoch: 2, startOffset: 12 },
    { epoch: 4, startOffset: 20 },
  ])
  expect(e.truncateFromStart(99)).toBe(true)
  expect(e.entries).toEqual([{ epoch: 4, startOffset: 99 }])
  expect(e.clear()).toBe(true)
  expect(e.clear()).toBe(false)
})

test('which epoch wrote an offset', () => {
  const e = epochs()
  expect([9, 10, 19, 20, 34, 35, 99].map((offset) => e.epochForOffset(offset))).toEqual([
    -1, 2, 2, 4, 4, 7, 7,
  ])
  expect(e.previousEpoch).toBe(4)
  expect(e.earliest).toEqual({ epoch: 2, startOffset: 10 })
})

test("FIL-07 Kafka's own checkpoints load without loss", () => {
  for (const [path, content] of allKafkaFiles()) {
    if (!path.endsWith('leader-epoch-checkpoint')) continue
    const entries = parseEpochs(path, content.toString())
    expect(new LeaderEpochs(entries).entries, path).toEqual(entries)
  }
})
