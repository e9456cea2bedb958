import { BatchView, ErrorCode, readBatches } from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'
import { LogClosedError, LogOfflineError } from '../src/errors.ts'
import { batch, marker, recordsOf, simple } from './support/batches.ts'
import { append, DIRECTORY, mustAppend, openLog, readAll } from './support/partition-log.ts'

const LOG = `${DIRECTORY}/00000000000000000000.log`

function code(run: () => unknown): number | string {
  try {
    run()
  } catch (error) {
    return (error as { errorCode?: number; code?: string }).errorCode ?? (error as Error).message
  }
  return 'nothing thrown'
}

describe('appending', () => {
  test('gives offsets and epoch, and a result without a promise', async () => {
    const { log } = await openLog()
    await mustAppend(log, simple(3), { leaderEpoch: 4 })
    const direct = log.appendAsLeader(simple(2), { leaderEpoch: 4, origin: 'client' })
    expect(direct).toEqual({
      accepted: true,
      firstOffset: 3,
      lastOffset: 4,
      logAppendTimeMs: -1,
      logStartOffset: 0,
      isDuplicate: false,
    })
    expect(log.logEndOffset).toBe(5)
    const run = await log.read(0, 1 << 20, 'logEnd', true)
    const [first, second] = readBatches(Buffer.concat(run.parts)).batches
    expect([first!.baseOffset, second!.baseOffset]).toEqual([0, 3])
    expect(second!.partitionLeaderEpoch).toBe(4)
    expect(second!.hasValidCrc()).toBe(true)
    expect(log.latestEpoch).toBe(4)
    await log.close()
  })

  test('what the rules of the topic refuse is a value', async () => {
    const { log } = await openLog({ config: { maxMessageBytes: 200 } })
    const large = batch({ records: [{ value: 'x'.repeat(300) }] })
    expect(await append(log, large)).toMatchObject({ accepted: false, errorCode: 10 })
    const damaged = simple(1)
    damaged.buffer[70]! ^= 1
    expect(await append(log, damaged)).toMatchObject({ errorCode: ErrorCode.CORRUPT_MESSAGE })
    expect(log.nextOffset).toBe(0)
    await log.close()
  })

  test('log append time is the time of the append', async () => {
    const { log, world } = await openLog({ config: { timestampType: 'LogAppendTime' } })
    const { logAppendTimeMs } = await mustAppend(log)
    expect(logAppendTimeMs).toBe(world.clock.nowMs())
    const found = await log.offsetForTimestamp(logAppendTimeMs, 'highWatermark')
    expect(found).toEqual({ offset: 0, timestamp: logAppendTimeMs, leaderEpoch: 0 })
    await log.close()
  })

  test('IDM-02 a retry gets the first answer and appends nothing', async () => {
    const { log } = await openLog()
    const made = () =>
      simple(2, { producerId: 5, producerEpoch: 0, baseSequence: 0, timestamp: 77 })
    await mustAppend(log)
    const first = await mustAppend(log, made())
    const retry = await mustAppend(log, made())
    expect(first).toMatchObject({ firstOffset: 1, lastOffset: 2, isDuplicate: false })
    expect(retry).toMatchObject({
      firstOffset: 1,
      lastOffset: 2,
      isDuplicate: true,
      logAppendTimeMs: 77,
    })
    expect(log.logEndOffset).toBe(3)
    await log.close()
  })

  test('IDM-05 a sequence out of order is a value', async () => {
    const { log } = await openLog()
    const made = (baseSequence: number) =>
      simple(1, { producerId: 5, producerEpoch: 0, baseSequence })
    await mustAppend(log, made(0))
    expect(await append(log, made(2))).toMatchObject({ accepted: false, errorCode: 45 })
    expect(log.logEndOffset).toBe(1)
    await log.close()
  })

  test('appends made while a write is late go together, answers in order', async () => {
    let ends = 0
    const { log, files } = await openLog({ onEndOffset: () => ends++ })
    await mustAppend(log)
    const held: (() => void)[] = []
    let writes = 0
    files.delay = (operation, path) => {
      if (operation !== 'writev' || path !== LOG) return null
      writes++
      return new Promise((resolve) => void held.push(resolve))
    }
    const order: number[] = []
    const results = [1, 2, 3, 4].map(async (n) => {
      const result = await log.appendAsLeader(simple(1), { leaderEpoch: 0, origin: 'client' })
      order.push(n)
      return result
    })
    // A retry of something on its way is not answered before it.
    expect(log.nextOffset).toBe(5)
    expect(log.logEndOffset).toBe(1)
    held.shift()!()
    while (held.length === 0) await Promise.resolve()
    held.shift()!()
    await Promise.all(results)
    expect(order).toEqual([1, 2, 3, 4])
    expect(log.logEndOffset).toBe(5)
    expect(writes).toBe(2)
    expect(ends).toBe(4)
    files.delay = null
    await log.close()
  })

  test('a follower takes batches as they are, from the offset expected on', async () => {
    const { log } = await openLog()
    const made = (baseOffset: number, leaderEpoch: number) => simple(2, { baseOffset, leaderEpoch })
    await log.appendAsFollower(recordsOf(made(0, 1), made(2, 2), made(4, 2)), { leaderEpoch: 2 })
    expect(log.nextOffset).toBe(6)
    expect(log.endOffsetForEpoch(1)).toEqual({ epoch: 1, endOffset: 2 })
    // After compaction on the leader there are gaps.
    await log.appendAsFollower(recordsOf(made(10, 2), made(12, 3)), { leaderEpoch: 2 })
    expect(log.nextOffset).toBe(12)
    const append = (view: BatchView) => log.appendAsFollower(view.bytes, { leaderEpoch: 9 })
    expect(code(() => append(made(8, 2)))).toBe(ErrorCode.OFFSET_OUT_OF_RANGE)
    const damaged = made(12, 2)
    damaged.buffer[70]! ^= 1
    expect(code(() => append(damaged))).toBe(ErrorCode.CORRUPT_MESSAGE)
    expect(log.nextOffset).toBe(12)
    await log.close()
  })
})

describe('reading', () => {
  for (const tailBytes of [0, 1 << 20]) {
    const where = tailBytes === 0 ? 'files' : 'memory'

    test(`what is visible depends on the isolation (${where})`, async () => {
      const { log } = await openLog({ tailBytes })
      const tx = { producerId: 5, producerEpoch: 0, transactional: true }
      await mustAppend(log)
      await mustAppend(log, simple(2, { ...tx, baseSequence: 0 }))
      await mustAppend(log)
      await log.appendAsLeader(simple(1), { leaderEpoch: 0, origin: 'client' })
      const ends = async () => [
        (await log.read(0, 1 << 20, 'logEnd', true)).endOffset,
        (await log.read(0, 1 << 20, 'highWatermark', true)).endOffset,
        (await log.read(0, 1 << 20, 'committed', true)).endOffset,
      ]
      expect(await ends()).toEqual([5, 4, 1])
      expect(log.lastStableOffset).toBe(1)
      await log.appendAsLeader(marker('abort', { ...tx }), {
        leaderEpoch: 0,
        origin: 'coordinator',
      })
      expect(await ends()).toEqual([6, 4, 1])
      log.setHighWatermark(6)
      expect(await ends()).toEqual([6, 6, 6])
      const run = await log.read(0, 1 << 20, 'committed', true)
      expect(run.aborted).toEqual([
        { producerId: 5, firstOffset: 1, lastOffset: 5, lastStableOffset: 6 },
      ])
      expect((await log.read(0, 1, 'committed', true)).aborted).toEqual([])
      expect((await log.read(6, 1, 'committed', true)).aborted).toEqual([])
      await log.close()
    })

    test(`an offset outside the log is out of range (${where})`, async () => {
      const { log } = await openLog({ tailBytes })
      await mustAppend(log, simple(4))
      log.deleteRecords(2)
      expect(code(() => log.read(1, 1, 'highWatermark', true))).toBe(1)
      expect(code(() => log.read(5, 1, 'highWatermark', true))).toBe(1)
      expect((await log.read(4, 1, 'highWatermark', true)).sizeBytes).toBe(0)
      expect((await log.read(2, 1, 'highWatermark', true)).startOffset).toBe(0)
      await log.close()
    })
  }

  test('the tail is read from memory, without a promise', async () => {
    const { log, files } = await openLog({ tailBytes: 4096 })
    for (let n = 0; n < 200; n++) await mustAppend(log, simple(2))
    let reads = 0
    files.delay = (operation) => {
      if (operation === 'read') reads++
      return null
    }
    const run = log.read(390, 1 << 20, 'highWatermark', true)
    expect(run).not.toBeInstanceOf(Promise)
    expect(await run).toMatchObject({ startOffset: 390, endOffset: 400 })
    expect(reads).toBe(0)
    expect(await log.read(0, 100, 'highWatermark', true)).toMatchObject({ startOffset: 0 })
    expect(reads).toBeGreaterThan(0)
    await log.close()
  })
})

describe('offsets by time', () => {
  test('LOF-07 the first record at or after a time', async () => {
    const { log } = await openLog({ config: { segmentBytes: 400, indexIntervalBytes: 0 } })
    for (let n = 0; n < 20; n++) {
      const records = [{ timestampDelta: 0 }, { timestampDelta: 5 }, { timestampDelta: 2 }]
      await mustAppend(log, batch({ timestamp: 100 + n * 10, records }))
    }
    expect(log.segments.length).toBeGreaterThan(3)
    const find = async (timestamp: number) => {
      const found = await log.offsetForTimestamp(timestamp, 'highWatermark')
      return found === null ? null : [found.offset, found.timestamp]
    }
    expect(await find(0)).toEqual([0, 100])
    expect(await find(101)).toEqual([1, 105])
    expect(await find(105)).toEqual([1, 105])
    expect(await find(106)).toEqual([3, 110])
    expect(await find(203)).toEqual([31, 205])
    expect(await find(295)).toEqual([58, 295])
    expect(await find(296)).toBeNull()
    log.deleteRecords(32)
    expect(await find(0)).toEqual([32, 202])
    await log.close()
  })

  test('LOF-07 what is not yet visible is not found', async () => {
    const { log } = await openLog()
    await mustAppend(log, simple(1, { timestamp: 5 }))
    await log.appendAsLeader(simple(1, { timestamp: 9 }), { leaderEpoch: 0, origin: 'client' })
    expect(await log.offsetForTimestamp(9, 'highWatermark')).toBeNull()
    expect(await log.offsetForTimestamp(9, 'logEnd')).toMatchObject({ offset: 1 })
    await log.close()
  })

  test('LOF-03 the record with the largest timestamp', async () => {
    const { log } = await openLog({ config: { segmentBytes: 200 } })
    expect(await log.offsetOfMaxTimestamp()).toBeNull()
    const records = [{ timestampDelta: 0 }, { timestampDelta: 50 }, { timestampDelta: 20 }]
    for (const timestamp of [100, 300, 200, 250]) {
      await mustAppend(log, batch({ timestamp, records }))
    }
    expect(await log.offsetOfMaxTimestamp()).toEqual({ offset: 4, timestamp: 350, leaderEpoch: 0 })
    await log.close()
  })
})

describe('records that are deleted by offset', () => {
  test('DRC-01 up to the high watermark and no further', async () => {
    const { log } = await openLog()
    for (let n = 0; n < 5; n++) await mustAppend(log, simple(2), { leaderEpoch: n })
    await log.appendAsLeader(simple(2), { leaderEpoch: 9, origin: 'client' })
    expect(log.deleteRecords(3)).toBe(3)
    expect(log.deleteRecords(1)).toBe(3)
    expect(code(() => log.deleteRecords(11))).toBe(1)
    expect(code(() => log.deleteRecords(-2))).toBe(1)
    expect(log.endOffsetForEpoch(0)).toEqual({ epoch: 0, endOffset: 3 })
    expect(log.deleteRecords(-1)).toBe(10)
    await log.close()
  })
})

describe('rolling', () => {
  test('ROL-01 by size, before the segment would be larger than allowed', async () => {
    const size = simple(1).sizeBytes
    const { log } = await openLog({ config: { segmentBytes: size * 3 } })
    for (let n = 0; n < 7; n++) await mustAppend(log)
    expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 3, 6])
    await log.close()
  })

  test('ROL-01 by the time of the records', async () => {
    const { log } = await openLog({ config: { segmentMs: 100 } })
    for (const timestamp of [1000, 1100, 1101, 1150, 1202]) {
      await mustAppend(log, simple(1, { timestamp }))
    }
    expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 2, 4])
    await log.close()
  })

  test('ROL-01 by the clock where records have no time, and not while empty', async () => {
    const { log, world } = await openLog({ config: { segmentMs: 100 } })
    await world.advance(1000)
    await mustAppend(log, simple(1, { timestamp: -1 }))
    await world.advance(50)
    await mustAppend(log, simple(1, { timestamp: -1 }))
    await world.advance(100)
    await mustAppend(log, simple(1, { timestamp: -1 }))
    expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 1])
    await log.close()
  })

  test('ROL-01 when an index is full', async () => {
    const config = { maxIndexSizeBytes: 8 * 4, indexIntervalBytes: 0 }
    const { log } = await openLog({ config })
    for (let n = 0; n < 12; n++) await mustAppend(log, simple(1, { timestamp: 1000 + n }))
    expect(log.segments.length).toBeGreaterThan(3)
    await log.close()
  })

  test('ROL-01 when relative offsets would leave 32 bits', async () => {
    const { log } = await openLog()
    const append = (baseOffset: number) =>
      log.appendAsFollower(simple(1, { baseOffset }).bytes, { leaderEpoch: 0 })
    await append(0)
    await append(2147483647)
    await append(2147483648)
    expect(log.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 2147483648])
    await log.close()
  })

  test('ROL-02 a roll writes a producer snapshot, syncs and moves the recovery point', async () => {
    const { log, files, world } = await openLog()
    await mustAppend(log, simple(2, { producerId: 5, producerEpoch: 0, baseSequence: 0 }))
    expect(log.flushedOffset).toBe(0)
    log.rollSegment()
    await world.settle()
    expect(log.recoveryPoint).toBe(2)
    expect(await files.list(DIRECTORY)).toContain('00000000000000000002.snapshot')
    expect(await files.list(DIRECTORY)).toContain('00000000000000000000.timeindex')
    await log.close()
  })

  test('FLU-01 flush.messages makes an append wait for the disk', async () => {
    const { log } = await openLog({ config: { flushMessages: 3 } })
    await mustAppend(log, simple(2))
    expect(log.flushedOffset).toBe(0)
    await mustAppend(log, simple(1))
    expect(log.flushedOffset).toBe(3)
    await log.close()
  })
})

describe('truncation', () => {
  test('cuts batches, producers and epochs', async () => {
    const { log } = await openLog({ config: { segmentBytes: 300 }, tailBytes: 1 << 16 })
    const made = (baseSequence: number) =>
      simple(2, { producerId: 5, producerEpoch: 0, baseSequence })
    for (let n = 0; n < 8; n++) await mustAppend(log, made(n * 2), { leaderEpoch: n })
    await log.truncateTo(7)
    expect(log.logEndOffset).toBe(7)
    expect(log.highWatermark).toBe(7)
    expect(log.latestEpoch).toBe(3)
    expect(log.producers.get(5)?.lastSequence).toBe(5)
    expect((await readAll(log)).batches).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ])
    expect(await mustAppend(log, made(6), { leaderEpoch: 9 })).toMatchObject({ firstOffset: 7 })
    await log.truncateTo(100)
    expect(log.logEndOffset).toBe(9)
    await log.truncateFullyAndStartAt(50)
    expect([log.logStartOffset, log.logEndOffset, log.latestEpoch]).toEqual([50, 50, -1])
    expect(log.producers.size).toBe(0)
    expect(await mustAppend(log)).toMatchObject({ firstOffset: 50 })
    await log.close()
  })

  test('appends that come meanwhile wait', async () => {
    const { log } = await openLog()
    await mustAppend(log, simple(5))
    const truncating = log.truncateTo(0)
    await Promise.resolve()
    const result = await mustAppend(log)
    expect(result.firstOffset).toBe(0)
    await truncating
    await log.close()
  })
})

describe('failures', () => {
  test('REC-07 a storage failure takes the log offline, and says so once', async () => {
    const seen: unknown[] = []
    const { log, files } = await openLog({ onOffline: (error) => seen.push(error) })
    await mustAppend(log)
    files.fail({ operation: 'writev', path: LOG, systemCode: 'EIO' })
    const send = () => log.appendAsLeader(simple(1), { leaderEpoch: 0, origin: 'client' })
    expect(send).toThrow(LogOfflineError)
    expect(send).toThrow(LogOfflineError)
    expect(() => log.read(0, 1, 'logEnd', true)).toThrow(LogOfflineError)
    expect(seen.length).toBe(1)
    expect(log.isOffline).toBe(true)
    await log.close()
  })

  test('REC-07 a failing read does too', async () => {
    const { log, files } = await openLog()
    await mustAppend(log)
    files.fail({ operation: 'read', path: LOG, systemCode: 'EIO' })
    await expect(log.read(0, 1, 'logEnd', true)).rejects.toThrow(LogOfflineError)
    expect(log.isOffline).toBe(true)
  })

  test('a closed log says that it is closed', async () => {
    const { log } = await openLog()
    await log.close()
    await log.close()
    expect(() => log.read(0, 1, 'logEnd', true)).toThrow(LogClosedError)
  })

  test('damage found by a reader is corruption, not the end of the log', async () => {
    const { log, files } = await openLog()
    await mustAppend(log, simple(1))
    await mustAppend(log, simple(1))
    files.flipBit(LOG, 8, 7)
    await expect(log.read(0, 1000, 'logEnd', true)).rejects.toMatchObject({
      errorCode: ErrorCode.CORRUPT_MESSAGE,
    })
    expect(log.isOffline).toBe(false)
    await log.close()
  })
})
