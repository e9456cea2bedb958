/** Which log is compacted when, what is remembered of it, and what is told about it. */
import { createTestWorld } from '@barnabas/base/testing'
import { describe, expect, test } from 'vitest'
import { createMemoryLog } from '../../src/open-partition-log.ts'
import type { PartitionLog } from '../../src/partition-log.ts'
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../../src/log-config.ts'
import { TailCache } from '../../src/tail-cache.ts'
import { batch, simple } from '../support/batches.ts'
import { mustAppend, openLog } from '../support/partition-log.ts'
import { cleanerOf, COMPACT, keyed, put, recordsIn, ROOT } from './support.ts'

const CHECKPOINT = `${ROOT}/cleaner-offset-checkpoint`

function memoryLogs(...configs: Partial<LogConfig>[]) {
  const world = createTestWorld(1)
  const logs = configs.map((config, partition) =>
    createMemoryLog({
      topic: 'm',
      partition,
      topicId: null,
      tailCache: new TailCache(0),
      clock: world.clock,
      entropy: world.entropy,
      log: world.log,
      config: { ...DEFAULT_LOG_CONFIG, timestampAfterMaxMs: 9e15, ...config },
    }),
  )
  return { world, logs, files: world.files }
}

/** Appends so many records of one key and closes the segment. */
async function fill(log: PartitionLog, count: number, timestamp = 1000): Promise<void> {
  for (let n = 0; n < count; n++) await mustAppend(log, keyed({ k: `${n}` }, { timestamp }))
  log.rollSegment()
}

describe('choosing', () => {
  test('CMP-01 the filthiest first, none below min.cleanable.dirty.ratio', async () => {
    const config = { ...COMPACT, minCleanableDirtyRatio: 0.5 }
    const { world, logs, files } = memoryLogs(
      config,
      config,
      { ...config, cleanup: { compact: false, delete: true } },
      config,
    )
    const [a, b, deleted, c] = logs as [PartitionLog, PartitionLog, PartitionLog, PartitionLog]
    const cleaner = cleanerOf(
      { log: a, world, files, reopen: () => Promise.reject(new Error('unused')) },
      { logs: () => logs.map((log) => ({ log, directory: null })) },
    )
    for (const log of [a, b, c]) for (let n = 0; n < 6; n++) await put(log, [`x${n}`, '1'])
    for (const log of [a, b, c]) log.rollSegment()
    await fill(deleted, 20)
    while (await cleaner.cleanFilthiest());
    const cleaned = async () =>
      Promise.all(logs.map((log) => cleaner.cleanedUpTo({ log, directory: null })))
    expect(await cleaned()).toEqual([6, 6, null, 6])
    await fill(a, 4)
    await fill(b, 9)
    await fill(c, 12)
    expect(await cleaner.cleanFilthiest()).toBe(true)
    expect(await cleaned()).toEqual([6, 6, null, 18])
    expect(cleaner.statistics().maxDirtyPercent).toBe(66)
    expect(await cleaner.cleanFilthiest()).toBe(true)
    expect(await cleaned()).toEqual([6, 15, null, 18])
    expect(await cleaner.cleanFilthiest()).toBe(false)
    expect(deleted.logEndOffset).toBe(20)
    expect((await recordsIn(deleted)).length).toBe(20)
  })

  test('CMP-01 a log whose records waited too long, however clean it is', async () => {
    const { world, logs, files } = memoryLogs({
      ...COMPACT,
      minCleanableDirtyRatio: 0.99,
      maxCompactionLagMs: 60_000,
    })
    const log = logs[0]!
    const cleaner = cleanerOf(
      { log, world, files, reopen: () => Promise.reject(new Error('unused')) },
      { logs: () => logs.map((one) => ({ log: one, directory: null })) },
    )
    for (let n = 0; n < 10; n++) {
      await mustAppend(log, keyed({ [`x${n}`]: '1' }, { timestamp: world.clock.nowMs() }))
    }
    log.rollSegment()
    expect(await cleaner.cleanFilthiest()).toBe(true)
    await fill(log, 5, world.clock.nowMs())
    await world.advance(60_000)
    expect(await cleaner.cleanFilthiest()).toBe(false)
    await world.advance(2000)
    expect(await cleaner.cleanFilthiest()).toBe(true)
    expect(cleaner.statistics().maxCompactionDelaySeconds).toBe(2)
    expect((await recordsIn(log)).length).toBe(11)
  })
})

describe('remembering', () => {
  test('what was compacted stands in cleaner-offset-checkpoint', async () => {
    const setup = await openLog({ config: COMPACT })
    const { log, files } = setup
    await files.replaceFile(CHECKPOINT, Buffer.from('0\n2\ngone 3 70\nt 0 0\n'))
    await fill(log, 5)
    const cleaner = cleanerOf(setup)
    await cleaner.cleanFilthiest()
    const text = async () => Buffer.from(await files.readFile(CHECKPOINT)).toString()
    expect(await text()).toBe('0\n1\nt 0 5\n')
    await fill(log, 5)
    const next = cleanerOf(setup)
    expect(await next.cleanedUpTo({ log, directory: ROOT })).toBe(5)
    next.noteTruncation(log, 3)
    await next.cleanFilthiest()
    expect(await text()).toBe('0\n1\nt 0 10\n')
    next.noteRemoved(log)
    expect(await next.cleanedUpTo({ log, directory: ROOT })).toBeNull()
    await log.close()
  })

  test('a cut that came before the checkpoint was read counts too', async () => {
    const setup = await openLog({ config: COMPACT })
    const { log, files } = setup
    await files.replaceFile(CHECKPOINT, Buffer.from('0\n1\nt 0 4\n'))
    await fill(log, 5)
    const cleaner = cleanerOf(setup)
    cleaner.noteTruncation(log, 2)
    cleaner.noteTruncation(log, 3)
    expect(await cleaner.cleanedUpTo({ log, directory: ROOT })).toBe(2)
    await log.close()
  })

  test('a checkpoint that cannot be read, or lies outside of the log, costs work only', async () => {
    for (const content of ['nonsense', '0\n1\nt 0 99\n']) {
      const setup = await openLog({ config: COMPACT })
      const { log, files, world } = setup
      await files.replaceFile(CHECKPOINT, Buffer.from(content))
      await fill(log, 5)
      expect(await cleanerOf(setup).cleanFilthiest()).toBe(true)
      expect(await recordsIn(log)).toEqual(['4 k=4'])
      expect(world.log.lines.filter(({ level }) => level === 'warn').length).toBe(1)
      await log.close()
    }
  })

  test('a checkpoint that cannot be written is the failure of its directory', async () => {
    const setup = await openLog({ config: COMPACT })
    const { log, files } = setup
    await fill(log, 5)
    const failed: string[] = []
    const cleaner = cleanerOf(setup, { onDirectoryFailure: (path) => void failed.push(path) })
    files.fail({ operation: 'rename', path: /cleaner-offset-checkpoint/, systemCode: 'EIO' })
    await cleaner.cleanFilthiest()
    expect(failed).toEqual([ROOT])
    expect(await recordsIn(log)).toEqual(['4 k=4'])
    await log.close()
  })
})

describe('the loop', () => {
  test('works through what there is, pauses, and ends when told', async () => {
    const setup = await openLog({ config: COMPACT })
    const { log, world } = setup
    await fill(log, 5)
    const cleaner = cleanerOf(setup)
    cleaner.start()
    await world.settle()
    expect(await recordsIn(log)).toEqual(['4 k=4'])
    await fill(log, 5)
    await world.advance(14_999)
    expect((await recordsIn(log)).length).toBe(6)
    expect(cleaner.statistics().timeSinceLastRunMs).toBe(14_999)
    await world.advance(1)
    expect(await recordsIn(log)).toEqual(['9 k=4'])
    expect(cleaner.statistics()).toMatchObject({ rounds: 2, uncleanablePartitions: 0 })
    await cleaner.close()
    await cleaner.close()
    await fill(log, 5)
    await world.advance(60_000)
    expect((await recordsIn(log)).length).toBe(6)
    await log.close()
  })

  test('moves no more bytes in a second than allowed', async () => {
    const setup = await openLog({ config: { ...COMPACT, segmentBytes: 1000 } })
    const { log, world } = setup
    for (let n = 0; n < 100; n++) await put(log, [`k${n}`, '1'])
    log.rollSegment()
    const bytes = log.sizeBytes
    const cleaner = cleanerOf(setup, { config: { ioMaxBytesPerSecond: 1000 }, pieceBytes: 200 })
    const cleaning = cleaner.cleanFilthiest()
    await world.complete(cleaning)
    // Everything is read twice and written once.
    const neededMs = bytes * 3
    expect(world.time.elapsedMs).toBeGreaterThan(neededMs * 0.95)
    expect(world.time.elapsedMs).toBeLessThan(neededMs * 1.1)
    await log.close()
  })

  test('a stop does not wait for a round that is held back', async () => {
    const setup = await openLog({ config: COMPACT })
    const { log, world } = setup
    await fill(log, 50)
    const cleaner = cleanerOf(setup, { config: { ioMaxBytesPerSecond: 1 }, pieceBytes: 200 })
    cleaner.start()
    await world.advance(1000)
    await cleaner.close()
    expect(cleaner.statistics().rounds).toBe(0)
    expect((await recordsIn(log)).length).toBe(50)
    await log.close()
  })
})

describe('failures', () => {
  test('CMP-11 a log that cannot be compacted is left alone and counted, the others are not', async () => {
    const setup = await openLog({ config: { ...COMPACT, segmentBytes: 500 } })
    const { log, files, world } = setup
    await fill(log, 10)
    await log.flush()
    const path = `${ROOT}/t-0/00000000000000000000.log`
    files.flipBit(path, 65)
    const { logs } = memoryLogs(COMPACT)
    await fill(logs[0]!, 3)
    const cleaner = cleanerOf(setup, {
      logs: () => [
        { log, directory: ROOT },
        { log: logs[0]!, directory: null },
      ],
    })
    while (await cleaner.cleanFilthiest());
    expect(cleaner.uncleanableLogs).toEqual(['t-0'])
    expect(cleaner.statistics().uncleanablePartitions).toBe(1)
    expect(world.log.find('cannot be compacted', 'error').length).toBe(1)
    expect(log.isOffline).toBe(false)
    expect(await recordsIn(logs[0]!)).toEqual(['2 k=2'])
    const left = (await files.list(`${ROOT}/t-0`)).filter((name) => /cleaned|swap/.test(name))
    expect(left).toEqual([])
    cleaner.noteRemoved(log)
    expect(cleaner.uncleanableLogs).toEqual([])
    await log.close()
  })

  test('CMP-08 records without a key are told about', async () => {
    const setup = await openLog({ config: { cleanup: { compact: false, delete: true } } })
    const { log, world } = setup
    await mustAppend(log, simple(2))
    await mustAppend(log, batch({ records: [{ value: 'x' }, { value: 'y' }] }))
    log.rollSegment()
    log.config = { ...log.config, ...COMPACT }
    const cleaner = cleanerOf(setup)
    await cleaner.cleanFilthiest()
    expect(cleaner.statistics().recordsWithoutKey).toBe(2)
    expect(world.log.find('without a key', 'warn')[0]!.fields.count).toBe(2)
    expect((await recordsIn(log)).length).toBe(2)
    await log.close()
  })
})
