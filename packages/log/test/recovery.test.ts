import type { FileSystem } from '@barnabas/base'
import { describe, expect, test } from 'vitest'
import { segmentFileName } from '../src/files/file-names.ts'
import { marker, recordsOf, simple } from './support/batches.ts'
import {
  append,
  DIRECTORY,
  type LogUnderTest,
  mustAppend,
  openLog,
  readAll,
} from './support/partition-log.ts'

const path = (
  offset: number,
  suffix: '.log' | '.index' | '.timeindex' | '.snapshot' | '.txnindex',
) => `${DIRECTORY}/${segmentFileName(offset, suffix)}`

async function cut(files: FileSystem, file: string, bytes: number) {
  const handle = await files.open(file, 'readwrite')
  await handle.truncate((await handle.size()) - bytes)
  await handle.close()
}

async function sizeOf(files: FileSystem, file: string) {
  return (await files.stat(file))?.sizeBytes ?? null
}

const idempotent = (baseSequence: number, count = 1) =>
  simple(count, { producerId: 5, producerEpoch: 0, baseSequence })

/** Ten batches of two records in five segments. */
async function tenBatches(config = {}): Promise<LogUnderTest> {
  const under = await openLog({
    config: { segmentBytes: idempotent(0, 2).sizeBytes * 2, indexIntervalBytes: 0, ...config },
  })
  for (let n = 0; n < 10; n++) {
    await mustAppend(under.log, idempotent(n * 2, 2), { leaderEpoch: Math.floor(n / 3) })
  }
  return under
}

describe('an orderly stop', () => {
  test('REC-01 is followed by a start that scans nothing', async () => {
    const { log, files, reopen } = await tenBatches()
    await log.close()
    let readBytes = 0
    files.delay = (operation, file) => {
      if (operation === 'read' && !file.endsWith(segmentFileName(16, '.log'))) readBytes++
      return null
    }
    const again = await reopen('clean')
    expect(readBytes).toBe(0)
    expect(again.log.logEndOffset).toBe(20)
    expect(again.log.recoveryPoint).toBe(20)
    expect(again.world.log.find('scanned')).toEqual([])
    expect((await readAll(again.log)).batches.length).toBe(10)
    expect(await append(again.log, idempotent(18, 2))).toMatchObject({ isDuplicate: true })
    expect(again.log.endOffsetForEpoch(1)).toEqual({ epoch: 1, endOffset: 12 })
    await again.log.close()
  })

  test('FIL-06 leaves a snapshot at the end, and strays go at the next start', async () => {
    const first = await openLog()
    await mustAppend(first.log, idempotent(0))
    const second = await first.reopen('clean')
    expect(await second.files.list(DIRECTORY)).toContain(segmentFileName(1, '.snapshot'))
    await mustAppend(second.log, idempotent(1))
    const third = await second.reopen('clean')
    const names = await third.files.list(DIRECTORY)
    expect(names.filter((name) => name.endsWith('.snapshot'))).toEqual([
      segmentFileName(2, '.snapshot'),
    ])
    await third.log.close()
  })

  test('REC-01 a cut end is found all the same', async () => {
    const { log, files, reopen } = await tenBatches()
    await log.close()
    await cut(files, path(16, '.log'), 3)
    const again = await reopen('clean')
    expect(again.log.logEndOffset).toBe(18)
    expect(again.world.log.find('despite an orderly stop').length).toBe(1)
    expect(await append(again.log, idempotent(18, 2))).toMatchObject({ firstOffset: 18 })
    await again.log.close()
  })
})

describe('a kill', () => {
  test('REC-01 nothing is lost, indexes are rebuilt from the recovery point on', async () => {
    const under = await tenBatches()
    await under.world.settle()
    const again = await under.reopen('kill', { recoveryPoint: 16 })
    expect((await readAll(again.log)).batches.length).toBe(10)
    expect(again.world.log.find('has been scanned')[0]?.fields).toMatchObject({
      fromOffset: 16,
      endOffset: 20,
      segments: 1,
    })
    expect(again.log.latestEpoch).toBe(3)
    expect(await append(again.log, idempotent(18, 2))).toMatchObject({ isDuplicate: true })
    // Behind the recovery point nothing is known to be synced.
    expect(again.log.recoveryPoint).toBe(16)
    await again.log.flush()
    expect(again.log.flushedOffset).toBe(20)
    await again.log.close()
  })

  test('REC-01 the log ends at the first damaged batch, later segments are deleted', async () => {
    const under = await tenBatches()
    await under.world.settle()
    const size = idempotent(0, 2).sizeBytes
    // A byte of the second batch of segment 4.
    under.files.flipBit(path(4, '.log'), size + 70)
    const again = await under.reopen('kill', { recoveryPoint: 0 })
    expect(again.log.logEndOffset).toBe(6)
    expect(again.log.latestEpoch).toBe(0)
    expect((await readAll(again.log)).batches).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ])
    expect(again.world.log.find('not whole')[0]?.fields).toMatchObject({
      endOffset: 6,
      droppedSegments: 3,
      cutBytes: size,
    })
    expect(await sizeOf(again.files, path(8, '.log'))).toBeNull()
    // The producer's later batches are gone, so its next one is what follows those that are there.
    expect(await append(again.log, idempotent(18, 2))).toMatchObject({ errorCode: 45 })
    expect(await append(again.log, idempotent(6, 2))).toMatchObject({ firstOffset: 6 })
    await again.log.close()
  })

  test('REC-01 trailing zeros, as a file system may leave, are cut off', async () => {
    const under = await tenBatches()
    const handle = await under.files.open(path(16, '.log'), 'readwrite')
    const size = await handle.size()
    await handle.writev([Buffer.alloc(1000)], size)
    const again = await under.reopen('kill')
    expect(again.log.logEndOffset).toBe(20)
    expect(await sizeOf(again.files, path(16, '.log'))).toBe(size)
    await again.log.close()
  })

  test('REC-02 a damaged snapshot is dropped, the batches say the same', async () => {
    const under = await tenBatches()
    await under.world.settle()
    for (const offset of [8, 12, 16]) under.files.flipBit(path(offset, '.snapshot'), 20)
    const again = await under.reopen('kill')
    expect(again.world.log.find('dropping a producer snapshot').length).toBe(3)
    expect(again.log.producers.get(5)?.lastSequence).toBe(19)
    expect(again.log.producers.get(5)?.batches.length).toBe(5)
    await again.log.close()
  })

  test('IDM-13 aborted and open transactions are known again', async () => {
    const under = await openLog({ config: { segmentBytes: 250 } })
    const tx = (producerId: number) => ({ producerId, producerEpoch: 0, transactional: true })
    await mustAppend(under.log, simple(1, { ...tx(1), baseSequence: 0 }))
    await mustAppend(under.log, simple(1, { ...tx(2), baseSequence: 0 }))
    await mustAppend(under.log, marker('abort', tx(1)), { origin: 'coordinator' })
    await mustAppend(under.log, simple(1))
    await under.world.settle()
    for (const how of ['kill', 'clean'] as const) {
      const again = await under.reopen(how)
      expect(again.log.lastStableOffset).toBe(1)
      await mustAppend(again.log, simple(1, { ...tx(1), baseSequence: 1 }))
      await mustAppend(again.log, marker('abort', tx(1)), { origin: 'coordinator' })
      await mustAppend(again.log, marker('commit', tx(2)), { origin: 'coordinator' })
      expect(again.log.lastStableOffset).toBe(7)
      expect((await readAll(again.log, 0, 'committed')).aborted).toContainEqual([1, 0])
      await again.log.truncateTo(4)
      Object.assign(under, again)
    }
    await under.log.close()
  })
})

describe('indexes and checkpoints', () => {
  test('REC-04 damaged index files of closed segments are rebuilt when they are needed', async () => {
    const under = await openLog({
      config: { segmentBytes: 600, indexIntervalBytes: 0 },
    })
    const tx = { producerId: 1, producerEpoch: 0, transactional: true }
    for (let n = 0; n < 12; n++) {
      await mustAppend(under.log, simple(2, { ...tx, baseSequence: n * 2, timestamp: 10_000 + n }))
      await mustAppend(under.log, marker('abort', tx), { origin: 'coordinator' })
    }
    await under.log.close()
    const bases = under.log.segments.map(({ baseOffset }) => baseOffset)
    expect(bases.length).toBeGreaterThan(3)
    const before = new Map<string, Uint8Array>()
    for (const base of bases.slice(0, -1)) {
      for (const suffix of ['.index', '.timeindex', '.txnindex'] as const) {
        before.set(path(base, suffix), await under.files.readFile(path(base, suffix)))
      }
    }
    for (const [n, file] of [...before.keys()].entries()) {
      if (n % 3 === 2) under.files.flipBit(file, 0, 7)
      else await cut(under.files, file, 1)
    }
    const again = await under.reopen('clean')
    const { aborted } = await readAll(again.log, 0, 'committed')
    expect(new Set(aborted.map(String)).size).toBe(12)
    expect(await again.log.offsetForTimestamp(10_005, 'highWatermark')).toMatchObject({
      offset: 15,
    })
    expect(again.world.log.find('rebuilding the indexes').length).toBeGreaterThan(2)
    await again.log.close()
    for (const [file, content] of before) {
      expect(Buffer.from(await again.files.readFile(file)).toString('hex'), file).toBe(
        Buffer.from(content).toString('hex'),
      )
    }
  })

  test('OLE-04 a damaged leader epoch checkpoint is made again from the batches', async () => {
    const under = await tenBatches()
    await under.log.close()
    await under.files.replaceFile(`${DIRECTORY}/leader-epoch-checkpoint`, Buffer.from('9\n'))
    const again = await under.reopen('clean')
    expect(again.log.endOffsetForEpoch(1)).toEqual({ epoch: 1, endOffset: 12 })
    expect(again.world.log.find('rebuilding the leader epochs').length).toBe(1)
    await again.log.close()
  })

  test('REC-05 a log that ends before its start begins again there', async () => {
    const under = await tenBatches()
    await under.log.close()
    const again = await under.reopen('clean', { logStartOffset: 100 })
    expect([again.log.logStartOffset, again.log.logEndOffset]).toEqual([100, 100])
    expect(await mustAppend(again.log)).toMatchObject({ firstOffset: 100 })
    await again.log.close()
    expect(again.world.log.find('begins again there').length).toBe(1)
  })

  test('FIL-08 the topic id is written once and read back', async () => {
    const under = await openLog()
    expect(under.log.topicId).toBe('SxH9q-ZnQm2sCIIxAR3B1Q')
    const text = Buffer.from(await under.files.readFile(`${DIRECTORY}/partition.metadata`))
    expect(text.toString()).toBe('version: 0\ntopic_id: SxH9q-ZnQm2sCIIxAR3B1Q')
    await under.log.close()
  })
})

describe('retention', () => {
  test('RET-02 RET-06 by time, raising the start and cutting the epochs', async () => {
    const under = await openLog({ config: { segmentBytes: 300, retentionMs: 1000 } })
    const { log, world, files } = under
    for (let n = 0; n < 9; n++) {
      await mustAppend(log, simple(2, { timestamp: 10_000 + n * 100 }), { leaderEpoch: n })
    }
    await world.settle()
    const bases = log.segments.map(({ baseOffset }) => baseOffset)
    expect(await log.applyRetention()).toBe(0)
    await world.advance(1550)
    expect(await log.applyRetention()).toBe(2)
    expect(log.segments[0]!.baseOffset).toBe(bases[2])
    expect(log.logStartOffset).toBe(bases[2])
    expect(log.endOffsetForEpoch(0)).toMatchObject({ endOffset: bases[2] })
    expect(await files.list(DIRECTORY)).toContain(`${segmentFileName(0, '.log')}.deleted`)
    await world.advance(60_000)
    expect((await files.list(DIRECTORY)).filter((name) => name.includes('.deleted'))).toEqual([])
    await log.close()
  })

  test('RET-05 the active segment goes too when all of it is old', async () => {
    const { log, world } = await openLog({ config: { retentionMs: 1000 } })
    await mustAppend(log, simple(3, { timestamp: 10_000 }))
    await world.advance(2000)
    expect(await log.applyRetention()).toBe(1)
    expect([log.logStartOffset, log.logEndOffset]).toEqual([3, 3])
    expect(await mustAppend(log)).toMatchObject({ firstOffset: 3 })
    expect((await readAll(log)).batches).toEqual([[3, 3]])
    await log.close()
  })

  test('RET-02 one record in the future keeps everything behind it', async () => {
    const { log, world } = await openLog({ config: { retentionMs: 1000, segmentBytes: 100 } })
    for (const timestamp of [10_000, 900_000, 10_000, 10_000]) {
      await mustAppend(log, simple(1, { timestamp }))
    }
    await world.advance(100_000)
    expect(await log.applyRetention()).toBe(1)
    expect(log.logStartOffset).toBe(1)
    await log.close()
  })

  test('RET-02 without record timestamps the age of the file counts', async () => {
    const { log, world } = await openLog({ config: { retentionMs: 1000, segmentBytes: 100 } })
    await mustAppend(log, simple(1, { timestamp: -1 }))
    await world.advance(600)
    await mustAppend(log, simple(1, { timestamp: -1 }))
    await world.advance(600)
    expect(await log.applyRetention()).toBe(1)
    expect(log.logStartOffset).toBe(1)
    await log.close()
  })

  test('RET-03 by size', async () => {
    const size = simple(1).sizeBytes
    const config = { retentionMs: -1, retentionBytes: size * 4, segmentBytes: size * 2 }
    const { log } = await openLog({ config })
    for (let n = 0; n < 5; n++) await mustAppend(log)
    expect(await log.applyRetention()).toBe(0)
    await mustAppend(log)
    expect(await log.applyRetention()).toBe(1)
    expect(log.sizeBytes).toBe(size * 4)
    expect(await log.applyRetention()).toBe(0)
    await log.close()
  })

  test('RET-04 RET-07 before the log start, with every policy', async () => {
    for (const cleanup of [
      { delete: false, compact: true },
      { delete: false, compact: false },
    ]) {
      const config = { segmentBytes: 250, cleanup, retentionMs: 0 }
      const { log, world } = await openLog({ config })
      for (let n = 0; n < 10; n++) await mustAppend(log, simple(1, { timestamp: 1 }))
      await world.advance(10_000_000)
      expect(await log.applyRetention()).toBe(0)
      const bases = log.segments.map(({ baseOffset }) => baseOffset)
      log.deleteRecords(bases[2]! + 1)
      expect(await log.applyRetention()).toBe(2)
      expect(log.segments[0]!.baseOffset).toBe(bases[2])
      await log.close()
    }
  })

  test('RET-05 nothing at or above the high watermark goes', async () => {
    const { log, world } = await openLog({ config: { segmentBytes: 100, retentionMs: 0 } })
    for (let n = 0; n < 4; n++) {
      await log.appendAsLeader(simple(1, { timestamp: 1 }), { leaderEpoch: 0, origin: 'client' })
    }
    log.setHighWatermark(2)
    await world.advance(10)
    expect(await log.applyRetention()).toBe(2)
    expect(log.logStartOffset).toBe(2)
    await log.close()
  })
})

test('bytes on disk are what was appended, byte for byte', async () => {
  const { log, files } = await openLog()
  const sent = [simple(2), simple(3)]
  for (const batch of sent) await mustAppend(log, batch)
  await log.close()
  expect(Buffer.from(await files.readFile(path(0, '.log')))).toEqual(recordsOf(...sent))
})
