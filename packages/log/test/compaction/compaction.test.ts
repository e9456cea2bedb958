/** Rounds of compaction over a whole log in files. */
import type { MemoryFileSystem } from '@barnabas/base/testing'
import { describe, expect, test } from 'vitest'
import { mustAppend, openLog, readAll } from '../support/partition-log.ts'
import {
  batchesOf,
  cleanerOf,
  COMPACT,
  endTransaction,
  keyed,
  put,
  recordsIn,
  ROOT,
} from './support.ts'

const bases = (log: { segments: readonly { baseOffset: number }[] }) =>
  log.segments.map(({ baseOffset }) => baseOffset)

/** Resolves when the first segment is being written anew. */
function begun(files: MemoryFileSystem): Promise<void> {
  return new Promise((resolve) => {
    files.delay = (_operation, path) => {
      if (path.endsWith('.log.cleaned')) {
        files.delay = null
        resolve()
      }
      return null
    }
  })
}

describe('a round', () => {
  test('CMP-03 CMP-09 leaves the newest record of each key, at its offset', async () => {
    const setup = await openLog({ config: COMPACT })
    const { log } = setup
    await put(log, ['a', '1'], ['b', '1'], ['a', '2'])
    log.rollSegment()
    await put(log, ['c', '1'], ['a', '3'])
    log.rollSegment()
    await put(log, ['b', '2'], ['b', '3'])
    const cleaner = cleanerOf(setup)
    expect(await cleaner.cleanFilthiest()).toBe(true)
    // The active segment is not looked at, so `b` of before it stays.
    expect(await recordsIn(log)).toEqual(['1 b=1', '3 c=1', '4 a=3', '5 b=2', '6 b=3'])
    expect([log.logStartOffset, log.logEndOffset]).toEqual([0, 7])
    expect((await readAll(log, 2)).batches[0]).toEqual([3, 3])
    expect(await cleaner.cleanFilthiest()).toBe(false)
    const { log: again } = await setup.reopen('clean')
    expect(await recordsIn(again)).toEqual(['1 b=1', '3 c=1', '4 a=3', '5 b=2', '6 b=3'])
    await again.close()
  })

  test('CMP-10 small segments become one, up to segment.bytes', async () => {
    const size = keyed({ k0: '1' }).sizeBytes
    const setup = await openLog({ config: { ...COMPACT, segmentBytes: size * 4 } })
    const { log, files } = setup
    for (let n = 0; n < 10; n++) {
      await put(log, [`k${n}`, '1'])
      if (n % 2 === 1) log.rollSegment()
    }
    expect(bases(log)).toEqual([0, 2, 4, 6, 8, 10])
    await cleanerOf(setup).cleanFilthiest()
    expect(bases(log)).toEqual([0, 4, 8, 10])
    expect((await recordsIn(log)).length).toBe(10)
    const left = (await files.list(`${ROOT}/t-0`)).filter((name) => /cleaned|swap/.test(name))
    expect(left).toEqual([])
    await log.close()
  })

  test('CMP-10 a segment of which nothing goes is left as it is', async () => {
    const setup = await openLog({ config: { ...COMPACT, segmentBytes: 100 } })
    const { log } = setup
    await put(log, ['a', '1'], ['b', '1'], ['c', '1'])
    const before = log.segments[0]
    await cleanerOf(setup).cleanFilthiest()
    expect(log.segments[0]).toBe(before)
    await log.close()
  })

  test('CMP-02 nothing behind the last stable offset is touched', async () => {
    const setup = await openLog({ config: COMPACT })
    const { log } = setup
    await put(log, ['a', '1'], ['a', '2'])
    log.rollSegment()
    const open = { isTransactional: true, producerId: 9, producerEpoch: 0, baseSequence: 0 }
    await put(log, ['a', '3'])
    await mustAppend(log, keyed({ a: '4' }, open))
    log.rollSegment()
    await put(log, ['a', '5'])
    log.rollSegment()
    const cleaner = cleanerOf(setup)
    await cleaner.cleanFilthiest()
    expect(await recordsIn(log)).toEqual(['1 a=2', '2 a=3', '3 a=4', '4 a=5'])
    await endTransaction(log, 9, false)
    log.rollSegment()
    await cleaner.cleanFilthiest()
    // CMP-05: the aborted record is gone, and did not supersede what stood before it.
    expect(await recordsIn(log)).toEqual(['4 a=5'])
    await log.close()
  })

  test('CMP-05 CMP-06 an aborted transaction over many segments, read as a consumer does', async () => {
    const setup = await openLog({ config: { ...COMPACT, segmentBytes: 300 } })
    const { log } = setup
    const sequence = (baseSequence: number) => ({
      isTransactional: true,
      producerId: 9,
      producerEpoch: 0,
      baseSequence,
    })
    await put(log, ['a', '0'])
    for (let n = 0; n < 4; n++) {
      await mustAppend(log, keyed({ a: `${n}`, b: `${n}` }, sequence(n * 2)))
      await put(log, [`x${n}`, '1'])
      log.rollSegment()
    }
    await endTransaction(log, 9, false)
    log.rollSegment()
    const cleaner = cleanerOf(setup)
    await cleaner.cleanFilthiest()
    // The last data batch of the producer stays without its records, so marker and index do.
    expect(await recordsIn(log)).toEqual(['0 a=0', '3 x0=1', '6 x1=1', '9 x2=1', '12 x3=1'])
    expect((await readAll(log, 0, 'committed')).aborted).not.toEqual([])
    await mustAppend(log, keyed({ c: '1' }, sequence(8)))
    await endTransaction(log, 9, true)
    log.rollSegment()
    await cleaner.cleanFilthiest()
    // This round met the empty batch a last time. The next finds a marker without data.
    await put(log, ['e', '1'])
    log.rollSegment()
    await cleaner.cleanFilthiest()
    const markers = (await batchesOf(log)).filter(({ isControl }) => isControl)
    expect(markers.map(({ baseOffset, deleteHorizonMs }) => [baseOffset, deleteHorizonMs])).toEqual(
      [
        [13, setup.world.clock.nowMs() + 5000],
        [15, null],
      ],
    )
    expect((await readAll(log, 0, 'committed')).aborted).toEqual([])
    await setup.world.advance(5000)
    await put(log, ['d', '1'])
    log.rollSegment()
    await cleaner.cleanFilthiest()
    const rest = (await batchesOf(log)).filter(({ isControl }) => isControl)
    expect(rest.map(({ baseOffset }) => baseOffset)).toEqual([15])
    await log.close()
  })

  test('CMP-04 NV-29 a tombstone is there for delete.retention.ms after the first round', async () => {
    const setup = await openLog({ config: COMPACT })
    const { log, world } = setup
    const cleaner = cleanerOf(setup)
    const round = async () => {
      await put(log, ['other', '1'])
      log.rollSegment()
      expect(await cleaner.cleanFilthiest()).toBe(true)
      return (await recordsIn(log)).some((record) => record.endsWith('a=null'))
    }
    await put(log, ['a', '1'], ['a', null])
    await world.advance(100_000)
    expect(await round()).toBe(true)
    await world.advance(4999)
    expect(await round()).toBe(true)
    await world.advance(1)
    expect(await round()).toBe(false)
    await log.close()
  })

  test('CMP-07 producers are known after a start without snapshots', async () => {
    const setup = await openLog({ config: COMPACT })
    const { log } = setup
    const producer = (id: number, baseSequence: number) => ({
      producerId: id,
      producerEpoch: 3,
      baseSequence,
      timestamp: 9000,
    })
    await mustAppend(log, keyed({ a: '1', b: '1' }, producer(1, 0)))
    await mustAppend(log, keyed({ a: '2', b: '2' }, producer(1, 2)))
    await mustAppend(log, keyed({ a: '3', b: '3' }, producer(2, 0)))
    log.rollSegment()
    await put(log, ['a', '4'], ['b', '4'])
    log.rollSegment()
    await cleanerOf(setup).cleanFilthiest()
    expect(await recordsIn(log)).toEqual(['6 a=4', '7 b=4'])
    await log.flush()
    const files = setup.files.kill()
    for (const name of await files.list(`${ROOT}/t-0`)) {
      if (name.endsWith('.snapshot')) await files.remove(`${ROOT}/t-0/${name}`)
    }
    const { log: again } = await openLog({ world: setup.world, files, config: COMPACT })
    const known = [1, 2].map((id) => {
      const { epoch, lastSequence, lastDataOffset } = again.producers.get(id)!
      return [epoch, lastSequence, lastDataOffset]
    })
    expect(known).toEqual([
      [3, 3, 3],
      [3, 1, 5],
    ])
    await mustAppend(again, keyed({ c: '1' }, producer(1, 4)))
    await again.close()
  })

  test('CMP-12 keys that do not fit into the map wait for the next round', async () => {
    const setup = await openLog({ config: COMPACT })
    const { log } = setup
    for (let n = 0; n < 40; n++) await put(log, [`k${n % 20}`, `${n}`])
    log.rollSegment()
    const cleaner = cleanerOf(setup, { config: { dedupeBufferBytes: 24 * 11 } })
    const target = { log, directory: ROOT }
    const steps: (number | null)[] = []
    while (await cleaner.cleanFilthiest()) steps.push(await cleaner.cleanedUpTo(target))
    expect(steps).toEqual([9, 18, 27, 36, 40])
    const expected = Array.from({ length: 20 }, (_, n) => `${n + 20} k${n}=${n + 20}`)
    expect(await recordsIn(log)).toEqual(expected)
    expect(cleaner.statistics().maxBufferUtilizationPercent).toBeGreaterThan(30)
    await log.close()
  })

  test('BAT-05 indexes of a compacted segment lead to the right places', async () => {
    const setup = await openLog({ config: { ...COMPACT, indexIntervalBytes: 200 } })
    const { log } = setup
    for (let n = 0; n < 200; n++) {
      await mustAppend(log, keyed({ [`k${n % 70}`]: `${n}` }, { timestamp: 1000 + n * 10 }))
    }
    log.rollSegment()
    await cleanerOf(setup).cleanFilthiest()
    const { log: again } = await setup.reopen('clean')
    for (const offset of [0, 129, 130, 131, 150, 199]) {
      expect((await readAll(again, offset)).batches[0]![0]).toBe(Math.max(130, offset))
      const found = await again.offsetForTimestamp(1000 + offset * 10, 'logEnd')
      expect(found!.offset).toBe(Math.max(130, offset))
    }
    expect(await again.offsetForTimestamp(3000, 'logEnd')).toBeNull()
    expect(await again.offsetOfMaxTimestamp()).toMatchObject({ offset: 199, timestamp: 2990 })
    await again.close()
  })

  test('CMP-13 compact,delete: segments that compaction made are deleted by time too', async () => {
    const config = { ...COMPACT, cleanup: { compact: true, delete: true }, retentionMs: 50_000 }
    const setup = await openLog({ config })
    const { log, world } = setup
    const now = () => world.clock.nowMs()
    await mustAppend(log, keyed({ a: '1' }, { timestamp: now() }))
    await mustAppend(log, keyed({ a: '2' }, { timestamp: now() }))
    log.rollSegment()
    const cleaner = cleanerOf(setup)
    await cleaner.cleanFilthiest()
    await mustAppend(log, keyed({ a: '3' }, { timestamp: now() + 40_000 }))
    expect(await recordsIn(log)).toEqual(['1 a=2', '2 a=3'])
    await world.advance(50_001)
    expect(await log.applyRetention()).toBe(1)
    expect(await recordsIn(log)).toEqual(['2 a=3'])
    // The checkpoint now lies before the start of the log at most; the next round goes on.
    await put(log, ['a', '4'])
    log.rollSegment()
    await cleaner.cleanFilthiest()
    expect(await recordsIn(log)).toEqual(['3 a=4'])
    await log.close()
  })
})

describe('while others work on the log', () => {
  test('appends and reads go on, nothing of them is lost', async () => {
    const setup = await openLog({ config: { ...COMPACT, segmentBytes: 2000 } })
    const { log } = setup
    for (let n = 0; n < 200; n++) await put(log, [`k${n % 7}`, `${n}`])
    const cleaner = cleanerOf(setup, { pieceBytes: 500 })
    let isDone = false
    const cleaning = cleaner.cleanFilthiest().finally(() => {
      isDone = true
    })
    let n = 200
    for (; !isDone; n++) {
      await put(log, [`k${n % 7}`, `${n}`])
      const last = new Map<string, string>()
      for (const record of await recordsIn(log)) {
        const [, key, value] = /\d+ (.*)=(.*)/.exec(record)!
        last.set(key!, value!)
      }
      for (let back = 0; back < 7; back++)
        expect(last.get(`k${(n - back) % 7}`)).toBe(`${n - back}`)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await cleaning
    expect(n).toBeGreaterThan(203)
    expect(cleaner.statistics().rounds).toBe(1)
    await log.close()
  })

  test('CMP-11 truncation ends the round, and what comes back counts as dirty', async () => {
    const setup = await openLog({ config: COMPACT })
    const { log, files } = setup
    for (let n = 0; n < 20; n++) await put(log, [`k${n % 5}`, `${n}`])
    log.rollSegment()
    const cleaner = cleanerOf(setup, { pieceBytes: 300 })
    const target = { log, directory: ROOT }
    await cleaner.cleanFilthiest()
    expect(await cleaner.cleanedUpTo(target)).toBe(20)
    for (let n = 20; n < 40; n++) await put(log, [`k${n % 5}`, `${n}`])
    log.rollSegment()
    const isRewriting = begun(files)
    const cleaning = cleaner.cleanFilthiest()
    await isRewriting
    cleaner.noteTruncation(log, 18)
    await log.truncateTo(18)
    expect(await cleaning).toBe(true)
    expect(setup.world.log.find('given up').length).toBe(1)
    expect(await cleaner.cleanedUpTo(target)).toBe(18)
    expect(await recordsIn(log)).toEqual(['15 k0=15', '16 k1=16', '17 k2=17'])
    await put(log, ['k0', 'new'])
    log.rollSegment()
    await cleaner.cleanFilthiest()
    expect(await recordsIn(log)).toEqual(['16 k1=16', '17 k2=17', '18 k0=new'])
    const left = (await files.list(`${ROOT}/t-0`)).filter((name) => /cleaned|swap/.test(name))
    expect(left).toEqual([])
    await log.close()
  })

  test('CMP-11 segments that are deleted meanwhile end the round', async () => {
    const setup = await openLog({ config: { ...COMPACT, segmentBytes: 300 } })
    const { log, files } = setup
    for (let n = 0; n < 40; n++) await put(log, [`k${n % 5}`, `${n}`])
    const cleaner = cleanerOf(setup, { pieceBytes: 100 })
    const isRewriting = begun(files)
    const cleaning = cleaner.cleanFilthiest()
    await isRewriting
    log.deleteRecords(38)
    await log.applyRetention()
    await cleaning
    expect(setup.world.log.find('given up').length).toBe(1)
    expect(cleaner.uncleanableLogs).toEqual([])
    await log.close()
  })

  test('CMP-11 a log that is closed ends the round', async () => {
    const setup = await openLog({ config: COMPACT })
    const { log, files } = setup
    for (let n = 0; n < 40; n++) await put(log, [`k${n % 5}`, `${n}`])
    log.rollSegment()
    const cleaner = cleanerOf(setup, { pieceBytes: 100 })
    const isRewriting = begun(files)
    const cleaning = cleaner.cleanFilthiest()
    await isRewriting
    await log.close()
    await cleaning
    expect(cleaner.uncleanableLogs).toEqual([])
  })

  test('a disk that is full ends the log, as for an append', async () => {
    const offline: unknown[] = []
    const setup = await openLog({ config: COMPACT, onOffline: (error) => offline.push(error) })
    const { log, files } = setup
    for (let n = 0; n < 10; n++) await put(log, [`k${n % 5}`, `${n}`])
    log.rollSegment()
    await log.flush()
    files.fail({ operation: 'writev', path: /\.log\.cleaned$/, systemCode: 'ENOSPC' })
    await cleanerOf(setup).cleanFilthiest()
    expect(offline.length).toBe(1)
    expect(log.isOffline).toBe(true)
  })
})
