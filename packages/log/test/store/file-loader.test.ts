import { MemoryFileSystem } from '@barnabas/base/testing'
import type { FileSystem } from '@barnabas/base'
import { readBatches } from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'
import { segmentFileName } from '../../src/files/file-names.ts'
import { SegmentIndexes } from '../../src/store/segment-indexes.ts'
import { appendBatches } from '../conformance/segment-store.ts'
import { recordsOf, simple } from '../support/batches.ts'
import { DIRECTORY, openStore } from '../support/file-store.ts'
import { kafkaFiles } from '../support/kafka-data.ts'

const ALL = { maxOffset: 1e9, maxBytes: 1 << 20, minOneBatch: true }

async function put(files: FileSystem, name: string, content: Uint8Array) {
  await files.replaceFile(`${DIRECTORY}/${name}`, content)
}

/** A directory with segments 0, 6 and 12 of three batches of two records each. */
async function threeSegments() {
  const files = new MemoryFileSystem()
  const { store } = await openStore({ files })
  for (let n = 0; n < 3; n++) {
    await appendBatches(store, [2, 2, 2])
    if (n < 2) store.roll(store.endOffset, 0)
  }
  await store.close()
  return files
}

describe('what a crash leaves is settled at start', () => {
  test('REC-03 .deleted, .cleaned and temporary files are dropped', async () => {
    const files = await threeSegments()
    const bytes = recordsOf(simple(2))
    for (const name of [
      segmentFileName(0, '.log', '.deleted'),
      segmentFileName(6, '.log', '.cleaned'),
      segmentFileName(6, '.index', '.cleaned'),
      `${segmentFileName(0, '.index')}.tmp`,
    ]) {
      await put(files, name, bytes)
    }
    const { store } = await openStore({ files })
    expect(store.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 6, 12])
    const names = await files.list(DIRECTORY)
    expect(names.filter((name) => !/\.(log|index|timeindex)$/.test(name))).toEqual([])
  })

  test('REC-03 a swap that had begun is completed', async () => {
    const files = await threeSegments()
    // Segments 0 and 6 were made into one of two batches.
    const merged = [simple(2, { baseOffset: 2 }), simple(2, { baseOffset: 10 })]
    await put(files, segmentFileName(0, '.log', '.swap'), recordsOf(...merged))
    await put(files, segmentFileName(0, '.index', '.swap'), Buffer.alloc(0))
    await put(files, segmentFileName(0, '.timeindex', '.swap'), Buffer.alloc(0))
    const { store } = await openStore({ files })
    expect(store.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 12])
    const run = await store.read({ offset: 0, ...ALL })
    expect(Buffer.concat(run.parts)).toEqual(recordsOf(...merged))
    expect(await files.list(DIRECTORY)).toEqual([
      segmentFileName(0, '.index'),
      segmentFileName(0, '.log'),
      segmentFileName(0, '.timeindex'),
      segmentFileName(12, '.index'),
      segmentFileName(12, '.log'),
      segmentFileName(12, '.timeindex'),
    ])
  })

  test('REC-03 a swap whose group was not complete is dropped', async () => {
    const files = await threeSegments()
    await put(files, segmentFileName(0, '.index', '.cleaned'), Buffer.alloc(0))
    await put(files, segmentFileName(0, '.log', '.swap'), recordsOf(simple(2)))
    const { store } = await openStore({ files })
    expect(store.endOffset).toBe(18)
    expect((await store.read({ offset: 0, ...ALL })).endOffset).toBe(6)
  })

  test('an index without a log is dropped, other files stay', async () => {
    const files = await threeSegments()
    await put(files, segmentFileName(3, '.index'), Buffer.alloc(8))
    await put(files, segmentFileName(3, '.snapshot'), Buffer.alloc(8))
    await put(files, 'something-else', Buffer.alloc(8))
    await openStore({ files })
    const names = await files.list(DIRECTORY)
    expect(names).not.toContain(segmentFileName(3, '.index'))
    expect(names).toContain(segmentFileName(3, '.snapshot'))
    expect(names).toContain('something-else')
  })

  test('a log cut within a batch is reported', async () => {
    const files = await threeSegments()
    const path = `${DIRECTORY}/${segmentFileName(12, '.log')}`
    const handle = await files.open(path, 'readwrite')
    await handle.truncate(((await handle.size()) as number) - 1)
    const { store, ragged } = await openStore({ files })
    expect(ragged).toBe(true)
    expect(store.endOffset).toBeLessThanOrEqual(16)
  })
})

describe('indexes on disk', () => {
  test('REC-04 a missing or damaged index is rebuilt from its log', async () => {
    const files = await threeSegments()
    const before = new Map<string, Uint8Array>()
    for (const suffix of ['.index', '.timeindex'] as const) {
      const path = `${DIRECTORY}/${segmentFileName(0, suffix)}`
      before.set(path, await files.readFile(path))
    }
    await files.remove(`${DIRECTORY}/${segmentFileName(0, '.index')}`)
    await put(files, segmentFileName(6, '.timeindex'), Buffer.from('nonsense'))
    const { store } = await openStore({ files })
    for (const offset of [0, 3, 5, 6, 9, 11]) {
      const run = await store.read({ offset, ...ALL })
      expect(run.startOffset).toBe(offset - (offset % 2))
    }
    await store.close()
    for (const [path, content] of before) expect(await files.readFile(path)).toEqual(content)
  })

  test("FIL-03 FIL-04 batches give the same indexes as Kafka's broker made of them", () => {
    // Segments that no restart of the broker cut across, with the index interval of their topics.
    const segments: [directory: string, baseOffset: number, indexIntervalBytes: number][] = [
      ['plain-0', 0, 512],
      ['compacted-0', 369, 512],
      ['compacted-deleted-0', 250, 4096],
      ['deleted-records-0', 36, 4096],
      ['deleted-records-0', 54, 4096],
    ]
    const kafka = kafkaFiles('killed')
    for (const [directory, baseOffset, indexIntervalBytes] of segments) {
      const stored = (suffix: '.log' | '.index' | '.timeindex') =>
        kafka.get(`${directory}/${segmentFileName(baseOffset, suffix)}`)!
      const indexes = new SegmentIndexes(baseOffset, 10_485_760)
      for (const batch of readBatches(stored('.log')).batches) {
        indexes.add(batch, batch.position, batch.sizeBytes, indexIntervalBytes)
      }
      indexes.seal()
      const at = `${directory} ${baseOffset}`
      expect(indexes.offsets.bytes.toString('hex'), at).toBe(stored('.index').toString('hex'))
      expect(indexes.times.bytes.toString('hex'), at).toBe(stored('.timeindex').toString('hex'))
    }
  })
})
