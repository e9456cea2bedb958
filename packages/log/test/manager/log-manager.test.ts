import { createTestWorld, type MemoryFileSystem, type TestWorld } from '@barnabas/base/testing'
import { describe, expect, test } from 'vitest'
import { DirectoryLockedError, LogOfflineError } from '../../src/errors.ts'
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../../src/log-config.ts'
import { WrongDirectoryError } from '../../src/manager/log-directory.ts'
import { LogManager, type LogManagerOptions } from '../../src/manager/log-manager.ts'
import { simple } from '../support/batches.ts'
import { append, mustAppend } from '../support/partition-log.ts'

const TOPIC_ID = 'SxH9q-ZnQm2sCIIxAR3B1Q'
const identity = { clusterId: 'S2Fma2FHb2xkZW40MDMwMQ', nodeId: 1 }

interface Setup extends Partial<LogManagerOptions> {
  testWorld?: TestWorld
  files?: MemoryFileSystem
  config?: Partial<LogConfig>
}

async function open(setup: Setup = {}) {
  const world = setup.testWorld ?? createTestWorld(1, { startMs: 10_000 })
  const files = setup.files ?? world.files
  const { clock, timers, entropy, log } = world
  const configs = new Map<string, LogConfig>()
  const base = { ...DEFAULT_LOG_CONFIG, timestampAfterMaxMs: 9e15, ...setup.config }
  const manager = await LogManager.open({
    directories: ['/a', '/b'],
    identity,
    world: { files, clock, timers, entropy, log },
    configOf: (topic) => configs.get(topic) ?? base,
    initialDelayMs: 0,
    ...setup,
  })
  const text = async (path: string) => Buffer.from(await files.readFile(path)).toString()
  return { manager, world, files, configs, base, text, log: world.log }
}

describe('directories', () => {
  test('FIL-14 an empty directory is given to the node, and known again', async () => {
    const { manager, world, text } = await open()
    const [a, b] = manager.directories
    expect(await text('/a/meta.properties')).toBe(
      `#\nnode.id=1\ndirectory.id=${a!.id}\nversion=1\ncluster.id=${identity.clusterId}\n`,
    )
    expect(a!.id).not.toBe(b!.id)
    await manager.close(7)
    const again = await open({ testWorld: world })
    expect(again.manager.directories.map(({ id }) => id)).toEqual([a!.id, b!.id])
    await again.manager.close(7)
    const other = { clusterId: 'x', nodeId: 1 }
    await expect(open({ testWorld: world, identity: other })).rejects.toThrow(WrongDirectoryError)
    const two = { ...identity, nodeId: 2 }
    await expect(open({ testWorld: world, identity: two })).rejects.toThrow('node 1, not 2')
  })

  test('FIL-16 one process only', async () => {
    const { manager, world } = await open()
    await expect(open({ testWorld: world })).rejects.toThrow(DirectoryLockedError)
    await manager.close(7)
    await (await open({ testWorld: world })).manager.close(7)
  })

  test('FIL-15 the marker of an orderly stop carries the broker epoch and counts once', async () => {
    const { manager, world, text, files } = await open()
    expect(manager.stoppedEpoch).toBeNull()
    await manager.close(213)
    expect(await text('/b/.kafka_cleanshutdown')).toBe('{"version":0,"brokerEpoch":213}')
    const again = await open({ testWorld: world })
    expect(again.manager.stoppedEpoch).toBe(213)
    expect(await files.stat('/a/.kafka_cleanshutdown')).toBeNull()
    const left = files.kill()
    const third = await open({ testWorld: world, files: left })
    expect(third.manager.stoppedEpoch).toBeNull()
    await third.manager.close(1)
  })
})

describe('logs', () => {
  test('FIL-01 are made where the fewest are, once, and loaded at the next start', async () => {
    const { manager, world, files } = await open()
    const both = await Promise.all([
      manager.getOrCreate('t', 0, TOPIC_ID),
      manager.getOrCreate('t', 0, TOPIC_ID),
    ])
    expect(both[0]).toBe(both[1])
    await manager.getOrCreate('t', 1, TOPIC_ID)
    await manager.getOrCreate('u', 0, null, manager.directories[0]!.id)
    expect(await files.list('/a')).toEqual(expect.arrayContaining(['t-0', 'u-0']))
    expect(await files.list('/b')).toContain('t-1')
    await mustAppend(both[0]!, simple(3))
    await manager.close(1)
    const again = await open({ testWorld: world })
    expect([...again.manager.logs()].map(({ name }) => name).sort()).toEqual(['t-0', 't-1', 'u-0'])
    const log = again.manager.get('t', 0)!
    expect([log.logEndOffset, log.highWatermark, log.topicId]).toEqual([3, 3, TOPIC_ID])
    expect(again.manager.directoryOf(log)?.path).toBe('/a')
    await again.manager.close(1)
  })

  test('FIL-09 FIL-10 FIL-11 checkpoints are written in time, and only when they changed', async () => {
    const { manager, world, text, files } = await open({ config: { segmentBytes: 250 } })
    const log = await manager.getOrCreate('t', 0, TOPIC_ID)
    for (let n = 0; n < 9; n++) await mustAppend(log, simple(1))
    log.deleteRecords(1)
    await world.advance(5000)
    expect(await text('/a/replication-offset-checkpoint')).toBe('0\n1\nt 0 9\n')
    expect(await text('/a/recovery-point-offset-checkpoint')).toBe('0\n0\n')
    await world.advance(55_000)
    expect(await text('/a/recovery-point-offset-checkpoint')).toBe(
      `0\n1\nt 0 ${log.recoveryPoint}\n`,
    )
    expect(await text('/a/log-start-offset-checkpoint')).toBe('0\n1\nt 0 1\n')
    let writes = 0
    files.delay = (operation, path) => {
      if (operation === 'rename' && path.includes('checkpoint')) writes++
      return null
    }
    await world.advance(20_000)
    expect(writes).toBe(0)
    await mustAppend(log, simple(1))
    await world.advance(5000)
    expect(writes).toBe(1)
    await manager.close(1)
    expect(await text('/a/recovery-point-offset-checkpoint')).toBe('0\n1\nt 0 10\n')
    expect(await text('/a/log-start-offset-checkpoint')).toBe('0\n1\nt 0 1\n')
    const again = await open({ testWorld: world })
    expect(again.manager.get('t', 0)!.logStartOffset).toBe(1)
    await again.manager.close(1)
  })

  test('FIL-13 an unreadable checkpoint means more recovery, not a failure', async () => {
    const { manager, world, files } = await open()
    const log = await manager.getOrCreate('t', 0, TOPIC_ID)
    await mustAppend(log, simple(4))
    await manager.close(1)
    await files.replaceFile('/a/recovery-point-offset-checkpoint', Buffer.from('7\n'))
    const again = await open({ testWorld: world })
    expect(again.log.find('taken as empty').length).toBe(1)
    expect(again.manager.get('t', 0)!.logEndOffset).toBe(4)
    await again.manager.close(1)
  })

  test('RET-01 retention is applied in time', async () => {
    const { manager, world, log: lines } = await open({ config: { retentionMs: 1000 } })
    const log = await manager.getOrCreate('t', 0, TOPIC_ID)
    await mustAppend(log, simple(2, { timestamp: 10_000 }))
    await world.advance(299_000)
    expect(log.logStartOffset).toBe(0)
    await world.advance(1000)
    expect(log.logStartOffset).toBe(2)
    expect(lines.find('dropped segments').length).toBe(1)
    await manager.close(1)
  })

  test('FLU-01 flush.ms is looked after', async () => {
    const { manager, world } = await open({ config: { flushMs: 2000 } })
    const log = await manager.getOrCreate('t', 0, TOPIC_ID)
    await mustAppend(log, simple(2))
    await world.advance(1500)
    expect(log.flushedOffset).toBe(0)
    await world.advance(1500)
    expect(log.flushedOffset).toBe(2)
    await manager.close(1)
  })

  test('FIL-01 a deleted log is renamed at once and removed later', async () => {
    const { manager, world, files, text } = await open()
    const log = await manager.getOrCreate('t', 0, TOPIC_ID)
    await mustAppend(log, simple(2))
    await manager.delete('t', 0)
    expect(manager.get('t', 0)).toBeUndefined()
    expect(() => log.read(0, 1, 'logEnd', true)).toThrow('is closed')
    const names = (await files.list('/a')).filter((name) => name.startsWith('t-'))
    expect(names.length).toBe(1)
    expect(names[0]).toMatch(/^t-0\.[0-9a-f]{32}-delete$/)
    expect(await text('/a/recovery-point-offset-checkpoint')).toBe('0\n0\n')
    // Made anew meanwhile: nothing of the old one is in it.
    const fresh = await manager.getOrCreate('t', 0, 'zpDq4gJAREyoZB0CjAwCsw')
    expect(fresh.logEndOffset).toBe(0)
    await world.advance(60_000)
    expect((await files.list('/a')).filter((name) => name.startsWith('t-'))).toEqual(['t-0'])
    await manager.delete('t', 0)
    await manager.close(1)
    // The next start sees to what was left.
    const again = await open({ testWorld: world })
    await world.advance(60_000)
    expect((await files.list('/a')).filter((name) => name.startsWith('t-'))).toEqual([])
    await again.manager.close(1)
  })

  test('FIL-01 a stray log is put aside and left alone', async () => {
    const { manager, world, files } = await open()
    await manager.getOrCreate('t', 0, TOPIC_ID)
    await manager.markStray('t', 0)
    await manager.close(1)
    const again = await open({ testWorld: world })
    expect([...again.manager.logs()]).toEqual([])
    await world.advance(600_000)
    expect((await files.list('/a')).some((name) => /^t-0\.\w+-stray$/.test(name))).toBe(true)
    await again.manager.close(1)
  })

  test('a changed configuration reaches the logs of its topic', async () => {
    const { manager, configs, base } = await open()
    const t = await manager.getOrCreate('t', 0, TOPIC_ID)
    const u = await manager.getOrCreate('u', 0, TOPIC_ID)
    configs.set('t', { ...base, maxMessageBytes: 10 })
    manager.reconfigure('t')
    expect(await append(t, simple(1))).toMatchObject({ errorCode: 10 })
    expect(await append(u, simple(1))).toMatchObject({ accepted: true })
    await manager.close(1)
  })

  test('REC-06 logs of a directory are loaded several at a time', async () => {
    const { manager, world, files } = await open({ directories: ['/a'] })
    for (let n = 0; n < 20; n++) await manager.getOrCreate('t', n, TOPIC_ID)
    await manager.close(1)
    let now = 0
    let most = 0
    files.delay = (operation, path) => {
      if (operation !== 'stat' || !path.endsWith('.log')) return null
      most = Math.max(most, ++now)
      return Promise.resolve().then(() => void now--)
    }
    const recoveryThreadsPerDirectory = 4
    const again = await open({ testWorld: world, directories: ['/a'], recoveryThreadsPerDirectory })
    expect(most).toBe(4)
    files.delay = null
    expect([...again.manager.logs()].length).toBe(20)
    await again.manager.close(1)
  })

  test('a thousand idle logs hold few files', async () => {
    const { manager } = await open({ maxOpenFiles: 10 })
    for (let n = 0; n < 1000; n++) await manager.getOrCreate('t', n, TOPIC_ID)
    expect(manager.handles.openCount).toBeLessThanOrEqual(10)
    let written = 0
    for (const log of manager.logs()) {
      await log.appendAsLeader(simple(1), { leaderEpoch: 0, origin: 'client' })
      if (log.logEndOffset === 1) written++
    }
    expect(written).toBe(1000)
    expect(manager.handles.openCount).toBeLessThanOrEqual(10)
  })
})

describe('compaction', () => {
  const config = {
    cleanup: { delete: false, compact: true },
    segmentBytes: 300,
    minCleanableDirtyRatio: 0.01,
  }

  test('CMP-01 FIL-12 dirty logs are compacted in time, and how far is checkpointed', async () => {
    const { manager, world, text } = await open({ config })
    const log = await manager.getOrCreate('t', 0, TOPIC_ID)
    for (let n = 0; n < 12; n++) await mustAppend(log, simple(1, { timestamp: 10_000 + n }))
    const before = log.sizeBytes
    await world.advance(60_000)
    expect(log.sizeBytes).toBeLessThan(before / 2)
    const active = log.segments.at(-1)!.baseOffset
    expect(await text('/a/cleaner-offset-checkpoint')).toBe(`0\n1\nt 0 ${active}\n`)
    expect(manager.cleaner?.uncleanableLogs).toEqual([])
    await log.truncateTo(2)
    await manager.delete('t', 0)
    await manager.close(1)
  })

  test('CMP-11 a truncated log is compacted anew from there', async () => {
    const { manager, world } = await open({ config })
    const log = await manager.getOrCreate('t', 0, TOPIC_ID)
    for (let n = 0; n < 12; n++) await mustAppend(log, simple(1))
    await world.advance(60_000)
    const held = { log, directory: '/a' }
    expect(await manager.cleaner!.cleanedUpTo(held)).toBeGreaterThan(2)
    await log.truncateTo(2)
    expect(await manager.cleaner!.cleanedUpTo(held)).toBe(2)
    await manager.close(1)
  })

  test('log.cleaner.enable can be off', async () => {
    const { manager, world } = await open({ config, cleaner: null })
    const log = await manager.getOrCreate('t', 0, TOPIC_ID)
    for (let n = 0; n < 12; n++) await mustAppend(log, simple(1))
    const before = log.sizeBytes
    await world.advance(600_000)
    expect(log.sizeBytes).toBe(before)
    expect(manager.cleaner).toBeNull()
    await manager.close(1)
  })
})

describe('failures', () => {
  test('REC-07 a failing disk takes its directory offline, the other goes on', async () => {
    const offline: string[] = []
    const { manager, files, world } = await open({
      onDirectoryOffline: (directory) => void offline.push(directory.path),
    })
    const a = await manager.getOrCreate('t', 0, TOPIC_ID)
    const b = await manager.getOrCreate('t', 1, TOPIC_ID)
    const a2 = await manager.getOrCreate('t', 2, TOPIC_ID)
    expect(manager.directoryOf(a2)?.path).toBe('/a')
    await mustAppend(a)
    files.fail({ operation: 'writev', path: /^\/a\/t-0/, systemCode: 'EIO' })
    await expect(async () => append(a)).rejects.toThrow(LogOfflineError)
    expect(offline).toEqual(['/a'])
    expect([a.isOffline, a2.isOffline, b.isOffline]).toEqual([true, true, false])
    await mustAppend(b)
    const fresh = await manager.getOrCreate('t', 3, TOPIC_ID)
    expect(manager.directoryOf(fresh)?.path).toBe('/b')
    await world.advance(600_000)
    await manager.close(1)
    expect(await files.stat('/a/.kafka_cleanshutdown')).toBeNull()
    expect(await files.stat('/b/.kafka_cleanshutdown')).not.toBeNull()
  })

  test('REC-07 a checkpoint that cannot be written does too', async () => {
    const { manager, files, world } = await open()
    const a = await manager.getOrCreate('t', 0, TOPIC_ID)
    await mustAppend(a)
    files.fail({ operation: 'rename', path: /replication-offset/, systemCode: 'EROFS', times: 9 })
    await world.advance(5000)
    expect(a.isOffline).toBe(true)
    expect(manager.directories.map(({ isOffline }) => isOffline)).toEqual([true, true])
    await manager.close(1)
  })

  test('truncation is checkpointed before the log goes on', async () => {
    const { manager, text } = await open()
    const log = await manager.getOrCreate('t', 0, TOPIC_ID)
    await mustAppend(log, simple(4))
    await log.flush()
    await manager.checkpointRecoveryPoints()
    // One less than what is flushed: the indexes of the active segment are not stored yet.
    expect(await text('/a/recovery-point-offset-checkpoint')).toBe('0\n1\nt 0 3\n')
    await log.truncateTo(0)
    expect(await text('/a/recovery-point-offset-checkpoint')).toBe('0\n1\nt 0 0\n')
    await manager.close(1)
  })
})
