/** What every `SegmentStore` must do. Run over the one in files and the one in memory. */
import { describe, expect, test } from 'vitest'
import type { BatchView } from '@barnabas/protocol'
import type { SegmentStore } from '../../src/store/segment-store.ts'
import { batch, recordsOf, simple, type TestBatch } from '../support/batches.ts'

export interface StoreUnderTest {
  store: SegmentStore
  /** The store as it is found after an orderly stop and a start; null when it does not survive one. */
  reopen: (() => Promise<SegmentStore>) | null
}

const ALL = { maxOffset: Number.MAX_SAFE_INTEGER, maxBytes: 1 << 20, minOneBatch: true }

/** Appends batches of `count` records each, giving them offsets from the end on. */
export async function appendBatches(
  store: SegmentStore,
  counts: readonly number[],
  options: (n: number) => Partial<TestBatch> = () => ({}),
): Promise<BatchView[]> {
  const batches: BatchView[] = []
  for (const [n, count] of counts.entries()) {
    const made = simple(count, { timestamp: 1000 + n, ...options(n) })
    made.baseOffset = store.endOffset
    await store.append(recordsOf(made), [made])
    batches.push(made)
  }
  return batches
}

export function runSegmentStoreSuite(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    const read = async (store: SegmentStore, offset: number, request = {}) => {
      const run = await store.read({ offset, ...ALL, ...request })
      const bytes = Buffer.concat(run.parts)
      expect(bytes.length).toBe(run.sizeBytes)
      return { ...run, bytes }
    }

    test('begins empty', async () => {
      const { store } = await make()
      expect(store.endOffset).toBe(0)
      expect(store.sizeBytes).toBe(0)
      expect(store.segments.length).toBe(1)
      expect(await store.read({ offset: 0, ...ALL })).toEqual({
        parts: [],
        sizeBytes: 0,
        startOffset: 0,
        endOffset: 0,
      })
      await store.close()
    })

    test('gives back what was appended, whole batches from the one asked for', async () => {
      const { store } = await make()
      const batches = await appendBatches(store, [3, 1, 5, 2])
      expect(store.endOffset).toBe(11)
      expect(store.sizeBytes).toBe(recordsOf(...batches).length)
      for (const [offset, first] of [
        [0, 0],
        [2, 0],
        [3, 1],
        [4, 2],
        [8, 2],
        [10, 3],
      ] as const) {
        const run = await read(store, offset)
        expect(run.bytes).toEqual(recordsOf(...batches.slice(first)))
        expect(run.startOffset).toBe(batches[first]!.baseOffset)
        expect(run.endOffset).toBe(11)
      }
      expect((await read(store, 11)).sizeBytes).toBe(0)
      await store.close()
    })

    test('stops at the offset and the size given', async () => {
      const { store } = await make()
      const [a, b, c] = await appendBatches(store, [3, 1, 5])
      expect((await read(store, 0, { maxOffset: 9 })).endOffset).toBe(9)
      expect((await read(store, 0, { maxOffset: 8 })).bytes).toEqual(recordsOf(a!, b!))
      expect((await read(store, 0, { maxOffset: 3 })).bytes).toEqual(recordsOf(a!))
      expect((await read(store, 0, { maxOffset: 2 })).sizeBytes).toBe(0)
      expect((await read(store, 4, { maxOffset: 4 })).sizeBytes).toBe(0)
      const two = a!.sizeBytes + b!.sizeBytes
      expect((await read(store, 0, { maxBytes: two })).endOffset).toBe(4)
      expect((await read(store, 0, { maxBytes: two - 1 })).endOffset).toBe(3)
      expect((await read(store, 5, { maxBytes: 1 })).bytes).toEqual(recordsOf(c!))
      expect((await read(store, 5, { maxBytes: 1, minOneBatch: false })).sizeBytes).toBe(0)
      await store.close()
    })

    test('a batch larger than any buffer is read whole', async () => {
      const { store } = await make()
      await appendBatches(store, [2])
      const value = 'x'.repeat(500_000)
      const large = batch({ baseOffset: 2, records: [{ value }, { value }, { value }] })
      await store.append(recordsOf(large), [large])
      await appendBatches(store, [2])
      expect((await read(store, 3, { maxBytes: 100 })).bytes.equals(large.bytes)).toBe(true)
      const seen: number[] = []
      await store.scan(store.active, 0, (one) => void seen.push(one.lastOffset))
      expect(seen).toEqual([1, 4, 6])
      await store.close()
    })

    test('goes on in a new segment after a roll', async () => {
      const { store } = await make()
      const old = await appendBatches(store, [2, 2])
      store.roll(4, 7777)
      const fresh = await appendBatches(store, [2])
      store.roll(20, 8888)
      const gap = await appendBatches(store, [3])
      expect(store.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 4, 20])
      expect(store.active.createdMs).toBe(8888)
      expect(store.endOffset).toBe(23)
      expect((await read(store, 3)).bytes).toEqual(recordsOf(old[1]!))
      expect((await read(store, 4)).bytes).toEqual(recordsOf(...fresh))
      // Offsets that are not there lead to the next one that is.
      expect((await read(store, 9)).bytes).toEqual(recordsOf(...gap))
      await store.flush()
      await store.close()
    })

    test('rolling an empty segment replaces it', async () => {
      const { store } = await make()
      store.roll(0, 1)
      expect(store.segments.length).toBe(1)
      store.roll(50, 1)
      expect(store.segments.map(({ baseOffset }) => baseOffset)).toEqual([50])
      await store.flush()
      const [batch] = await appendBatches(store, [1])
      expect(batch!.baseOffset).toBe(50)
      expect((await read(store, 10)).bytes).toEqual(recordsOf(batch!))
      await store.close()
    })

    test('knows timestamps', async () => {
      const { store } = await make()
      const times = [500, 900, 700, 950]
      await appendBatches(store, [2, 2, 2, 2], (n) => ({ timestamp: times[n]! }))
      const { active } = store
      expect(active.firstTimestamp).toBe(500)
      expect(await active.readFirstTimestamp()).toBe(500)
      expect(await active.maxTimestamp()).toEqual({ timestamp: 950, offset: 7 })
      expect(await store.floorOffset(active, 900)).toBeLessThanOrEqual(3)
      store.roll(8, 0)
      expect(store.active.firstTimestamp).toBe(-1)
      expect(await store.active.maxTimestamp()).toEqual({ timestamp: -1, offset: 8 })
      expect(await store.segments[0]!.maxTimestamp()).toEqual({ timestamp: 950, offset: 7 })
      await store.close()
    })

    test('walks over a segment from an offset on, until told to stop', async () => {
      const { store } = await make()
      await appendBatches(store, [3, 3, 3, 3])
      const seen: number[] = []
      await store.scan(store.active, 4, (batch) => {
        seen.push(batch.baseOffset)
        return batch.baseOffset === 6
      })
      expect(seen).toEqual([3, 6])
      await store.close()
    })

    test('truncation cuts at a batch, and the log goes on from the offset', async () => {
      const { store } = await make()
      const kept = await appendBatches(store, [3, 3], (n) => ({ timestamp: 100 * (n + 1) }))
      store.appendAborted({ producerId: 1, firstOffset: 0, lastOffset: 5, lastStableOffset: 6 })
      await appendBatches(store, [3], () => ({ timestamp: 900 }))
      store.roll(9, 0)
      await appendBatches(store, [3])
      await store.truncateTo(9, 0)
      expect(store.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 9])
      expect(store.active.sizeBytes).toBe(0)
      await store.truncateTo(7, 5555)
      expect(store.segments.length).toBe(1)
      expect(store.endOffset).toBe(7)
      expect((await read(store, 0)).bytes).toEqual(recordsOf(...kept))
      expect(store.sizeBytes).toBe(recordsOf(...kept).length)
      expect(await store.active.maxTimestamp()).toEqual({ timestamp: 200, offset: 5 })
      expect((await store.active.abortedTransactions()).length).toBe(1)
      const [next] = await appendBatches(store, [2])
      expect(next!.baseOffset).toBe(7)
      expect((await read(store, 6)).bytes).toEqual(recordsOf(next!))
      await store.truncateTo(0, 5555)
      expect((await store.active.abortedTransactions()).length).toBe(0)
      expect(store.active.sizeBytes).toBe(0)
      expect(store.active.createdMs).toBe(5555)
      await appendBatches(store, [1])
      expect((await read(store, 0)).endOffset).toBe(1)
      await store.close()
    })

    test('begins again at another offset', async () => {
      const { store } = await make()
      await appendBatches(store, [3])
      store.roll(3, 0)
      await appendBatches(store, [3])
      await store.reset(100, 0)
      expect(store.segments.map(({ baseOffset }) => baseOffset)).toEqual([100])
      expect(store.endOffset).toBe(100)
      expect(store.sizeBytes).toBe(0)
      const [batch] = await appendBatches(store, [1])
      expect((await read(store, 0)).bytes).toEqual(recordsOf(batch!))
      // The same names once more, while the old files still wait to be unlinked.
      await store.reset(0, 0)
      await appendBatches(store, [2])
      await store.reset(0, 0)
      const again = await appendBatches(store, [4])
      expect((await read(store, 0)).bytes).toEqual(recordsOf(...again))
      await store.close()
    })

    test('drops its oldest segments', async () => {
      const { store } = await make()
      await appendBatches(store, [3])
      store.roll(3, 0)
      const rest = await appendBatches(store, [3])
      store.roll(6, 0)
      rest.push(...(await appendBatches(store, [1])))
      await store.dropFirst(1)
      expect(store.segments.map(({ baseOffset }) => baseOffset)).toEqual([3, 6])
      expect(store.sizeBytes).toBe(recordsOf(...rest).length)
      expect((await read(store, 0)).bytes).toEqual(recordsOf(rest[0]!))
      await store.close()
    })

    test('replaces segments by a draft, while they are read', async () => {
      const { store } = await make()
      const all: BatchView[] = []
      for (let n = 0; n < 3; n++) {
        all.push(...(await appendBatches(store, [2, 2])))
        store.roll(store.endOffset, 0)
      }
      const replaced = store.segments.slice(0, 2)
      const draft = await store.createDraft(0)
      const kept = [all[1]!, all[3]!]
      await draft.append(recordsOf(kept[0]!), [kept[0]!])
      await draft.append(recordsOf(kept[1]!), [kept[1]!])
      draft.appendAborted({ producerId: 1, firstOffset: 2, lastOffset: 3, lastStableOffset: 4 })
      expect(draft.sizeBytes).toBe(recordsOf(...kept).length)
      const reading = Array.from({ length: 8 }, (_, n) => read(store, n % 4))
      const replacing = store.replace(draft, replaced)
      reading.push(...Array.from({ length: 8 }, (_, n) => read(store, n % 4)))
      await replacing
      for (const run of await Promise.all(reading)) expect(run.sizeBytes).toBeGreaterThan(0)
      expect(store.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 8, 12])
      expect((await read(store, 0)).bytes).toEqual(recordsOf(...kept))
      expect((await read(store, 3)).bytes).toEqual(recordsOf(...kept))
      expect((await read(store, 4)).bytes).toEqual(recordsOf(kept[1]!))
      expect((await read(store, 7)).bytes).toEqual(recordsOf(kept[1]!))
      expect((await store.segments[0]!.abortedTransactions()).length).toBe(1)
      const unused = await store.createDraft(8)
      await unused.append(recordsOf(all[4]!), [all[4]!])
      await unused.discard()
      expect((await read(store, 8)).bytes).toEqual(recordsOf(all[4]!, all[5]!))
      await store.close()
    })

    test('is found again after an orderly stop', async () => {
      const { store, reopen } = await make()
      if (reopen === null) return
      const first = await appendBatches(
        store,
        Array.from({ length: 60 }, () => 5),
      )
      store.appendAborted({ producerId: 4, firstOffset: 0, lastOffset: 3, lastStableOffset: 9 })
      store.roll(300, 0)
      const second = await appendBatches(store, [1, 2], () => ({ timestamp: 5000 }))
      await store.close()
      const found = await reopen()
      expect(found.endOffset).toBe(303)
      expect(found.segments.map(({ baseOffset }) => baseOffset)).toEqual([0, 300])
      expect(found.active.firstTimestamp).toBe(5000)
      for (const offset of [0, 7, 150, 299]) {
        const at = Math.floor(offset / 5)
        expect((await read(found, offset)).bytes).toEqual(recordsOf(...first.slice(at)))
      }
      expect((await read(found, 300)).bytes).toEqual(recordsOf(...second))
      expect(await found.segments[0]!.maxTimestamp()).toEqual({ timestamp: 1059, offset: 299 })
      expect((await found.segments[0]!.abortedTransactions())[0]?.producerId).toBe(4)
      await appendBatches(found, [1])
      expect((await read(found, 303)).endOffset).toBe(304)
      await found.close()
    })
  })
}
