import { ApiError } from '@barnabas/base'
import { readBatches, type BatchView } from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'
import { TransactionIndex } from '../../src/index/transaction-index.ts'
import { parseProducerSnapshot } from '../../src/producer/producer-snapshot.ts'
import { ProducerState, type AnalyzeOptions } from '../../src/producer/producer-state.ts'
import { marker, simple, type TestBatch } from '../support/batches.ts'
import { kafkaFiles } from '../support/kafka-data.ts'

/** A producer state with a log's offsets around it. */
function context() {
  const state = new ProducerState()
  let end = 0
  const append = (batch: BatchView, options: Partial<AnalyzeOptions> = {}) => {
    batch.baseOffset = end
    const update = state.analyze([batch], { origin: 'client', ...options })
    if (update.duplicate !== null) return update.duplicate
    state.commit(update)
    for (const completed of update.completed) state.transactions.complete(completed)
    end = batch.nextOffset
    return null
  }
  const data = (count: number, baseSequence: number, options: Partial<TestBatch> = {}) =>
    simple(count, { producerId: 7, producerEpoch: 0, baseSequence, ...options })
  const error = (run: () => unknown) => {
    try {
      run()
    } catch (caught) {
      if (caught instanceof ApiError) return caught.errorCode
      throw caught
    }
    return 0
  }
  return { state, append, data, error, end: () => end }
}

describe('idempotence', () => {
  test('IDM-01 IDM-02 a retry of one of the last five batches gets its first answer', () => {
    const { append, data, error, end } = context()
    for (let n = 0; n < 6; n++) expect(append(data(10, n * 10, { timestamp: n }))).toBeNull()
    for (let n = 1; n < 6; n++) {
      const duplicate = append(data(10, n * 10))
      expect(duplicate).toMatchObject({ lastOffset: n * 10 + 9, offsetDelta: 9, timestamp: n })
    }
    expect(end()).toBe(60)
    expect(error(() => append(data(10, 0)))).toBe(45)
    expect(error(() => append(data(9, 50)))).toBe(45)
  })

  test('IDM-03 an older epoch is refused', () => {
    const { append, data, error } = context()
    append(data(1, 0, { producerEpoch: 3 }))
    expect(error(() => append(data(1, 1, { producerEpoch: 2 })))).toBe(47)
  })

  test('IDM-04 a new epoch starts at sequence 0', () => {
    const { append, data, error } = context()
    append(data(5, 0))
    expect(error(() => append(data(1, 5, { producerEpoch: 1 })))).toBe(45)
    expect(append(data(1, 0, { producerEpoch: 1 }))).toBeNull()
    expect(append(data(1, 1, { producerEpoch: 1 }))).toBeNull()
  })

  test('IDM-05 sequences follow one another and wrap', () => {
    const { append, data, error } = context()
    append(data(2, 2147483646))
    expect(error(() => append(data(1, 1)))).toBe(45)
    expect(append(data(1, 0))).toBeNull()
    const { append: other, data: more } = context()
    other(more(2, 2147483645))
    expect(other(more(3, 2147483647))).toBeNull()
    expect(other(more(1, 2))).toBeNull()
    expect(other(more(3, 2147483647))).toMatchObject({ lastSequence: 1 })
  })

  test('IDM-06 a producer unknown here may start anywhere', () => {
    const { append, data } = context()
    expect(append(data(3, 41))).toBeNull()
    expect(append(data(3, 44))).toBeNull()
  })

  test('IDM-07 sequences count records', () => {
    const { append, data, error, state } = context()
    append(data(10, 0))
    expect(state.get(7)?.lastSequence).toBe(9)
    expect(error(() => append(data(1, 1)))).toBe(45)
    expect(append(data(1, 10))).toBeNull()
  })

  test('IDM-12 an idle producer is forgotten, unless its transaction is open', () => {
    const { append, data, state } = context()
    append(data(1, 0, { timestamp: 1000 }))
    append(data(1, 0, { timestamp: 1000, producerId: 8, transactional: true }))
    expect(state.removeExpired(1000 + 86_399_999, 86_400_000)).toBe(0)
    expect(state.removeExpired(1000 + 86_400_000, 86_400_000)).toBe(1)
    expect(state.get(7)).toBeUndefined()
    expect(state.get(8)).toBeDefined()
  })

  test('IDM-13 the last batch of a producer is known after a snapshot', () => {
    const { append, data, state } = context()
    for (let n = 0; n < 3; n++) append(data(10, n * 10))
    const restored = new ProducerState()
    restored.load(state.snapshot(), 30, 2000, 86_400_000)
    const retry = data(10, 20)
    retry.baseOffset = 30
    expect(restored.analyze([retry], { origin: 'client' }).duplicate).toMatchObject({
      lastOffset: 29,
    })
    expect(restored.endOffset).toBe(30)
  })

  test('IDM-14 coordinators are checked by epoch only, replicas not at all', () => {
    const { append, data, error } = context()
    append(data(1, 0, { producerEpoch: 5 }))
    expect(append(data(1, 77, { producerEpoch: 5 }), { origin: 'coordinator' })).toBeNull()
    const old = () => data(1, 3, { producerEpoch: 4 })
    expect(error(() => append(old(), { origin: 'coordinator' }))).toBe(47)
    expect(append(old(), { origin: 'replication' })).toBeNull()
  })

  test('an append that is refused leaves nothing behind', () => {
    const { append, data, error, state } = context()
    append(data(1, 0))
    const two = [data(1, 1), data(1, 5)]
    two.forEach((batch, n) => (batch.baseOffset = 1 + n))
    expect(error(() => state.analyze(two, { origin: 'client' }))).toBe(45)
    expect(state.get(7)?.lastSequence).toBe(0)
    const good = [data(1, 1), data(1, 2), data(1, 0, { producerId: 9 })]
    good.forEach((batch, n) => (batch.baseOffset = 1 + n))
    state.commit(state.analyze(good, { origin: 'client' }))
    expect(state.get(7)?.lastSequence).toBe(2)
    expect(state.get(9)?.lastDataOffset).toBe(3)
  })
})

describe('transactions', () => {
  const tx = { transactional: true }

  test('IDM-08 a write outside of the open transaction is refused', () => {
    const { append, data, error } = context()
    append(data(1, 0, tx))
    expect(error(() => append(data(1, 1)))).toBe(48)
  })

  test('IDM-09 IDM-10 a first write needs the guard of a verification', () => {
    const { append, data, error, state } = context()
    const options = { requiresVerification: true }
    expect(error(() => append(data(1, 0, tx), options))).toBe(48)
    const guard = state.verifications.start(7, 0, 0, false, 1000)
    expect(state.verifications.start(7, 0, 0, false, 1000)).toBe(guard)
    expect(append(data(1, 0, tx), { ...options, guard })).toBeNull()
    expect(append(data(1, 1, tx), options)).toBeNull()
    append(marker('abort', { producerId: 7, producerEpoch: 0 }), { origin: 'coordinator' })
    // The guard served once; a late answer to the first question begins nothing.
    expect(error(() => append(data(1, 2, tx), { ...options, guard }))).toBe(48)
  })

  test('IDM-10 a marker written while verifying takes the guard away', () => {
    const { append, data, error, state } = context()
    const guard = state.verifications.start(7, 0, 0, false, 1000)
    append(marker('abort', { producerId: 7, producerEpoch: 0 }), { origin: 'coordinator' })
    const write = () => append(data(1, 0, tx), { requiresVerification: true, guard })
    expect(error(write)).toBe(48)
  })

  test('IDM-11 the batch with the smallest sequence seen must come first', () => {
    const { append, data, error, state } = context()
    state.verifications.start(7, 5, 0, false, 1000)
    const guard = state.verifications.start(7, 3, 0, false, 1000)
    const options = { requiresVerification: true, guard }
    expect(error(() => append(data(1, 5, tx), options))).toBe(45)
    expect(append(data(2, 3, tx), options)).toBeNull()
  })

  test('IDM-11 with transaction version 2 a new producer starts at 0', () => {
    const { append, data, error, state } = context()
    const guard = state.verifications.start(7, 3, 0, true, 1000)
    expect(error(() => append(data(1, 3, tx), { requiresVerification: true, guard }))).toBe(45)
  })

  test('markers are fenced by producer epoch and coordinator epoch', () => {
    const { append, data, error } = context()
    const end = (producerEpoch: number, coordinatorEpoch: number, transactionVersion: number) =>
      append(marker('commit', { producerId: 7, producerEpoch, coordinatorEpoch }), {
        origin: 'coordinator',
        transactionVersion,
      })
    append(data(1, 0, { ...tx, producerEpoch: 2 }))
    expect(error(() => end(1, 5, 0))).toBe(47)
    expect(error(() => end(2, 5, 2))).toBe(47)
    expect(end(3, 5, 2)).toBeNull()
    // The same marker again: its answer was lost.
    expect(end(3, 5, 2)).toBeNull()
    expect(error(() => end(3, 4, 0))).toBe(52)
  })

  test('the last stable offset waits for open and for unreplicated transactions', () => {
    const { append, data, state } = context()
    append(data(1, 0, { ...tx, producerId: 1 }))
    append(data(1, 0, { ...tx, producerId: 2 }))
    append(data(1, 0))
    expect(state.transactions.firstUnstableOffset).toBe(0)
    append(marker('commit', { producerId: 1, producerEpoch: 0 }), { origin: 'coordinator' })
    expect(state.transactions.firstUnstableOffset).toBe(0)
    state.transactions.onReplicatedTo(3)
    expect(state.transactions.firstUnstableOffset).toBe(0)
    state.transactions.onReplicatedTo(4)
    expect(state.transactions.firstUnstableOffset).toBe(1)
    const abort = marker('abort', { producerId: 2, producerEpoch: 0, baseOffset: 4 })
    const { completed } = state.analyze([abort], { origin: 'coordinator' })
    expect(completed).toEqual([{ producerId: 2, firstOffset: 1, lastOffset: 4, isAborted: true }])
    expect(state.transactions.lastStableOffsetAfter(completed[0]!)).toBe(5)
  })
})

describe('what Kafka wrote', () => {
  /** Replays a partition's batches, as recovery does. */
  function replay(files: Map<string, Buffer>, directory: string, until: number) {
    const state = new ProducerState()
    const index = new TransactionIndex(0)
    const logs = [...files.keys()].filter(
      (p) => p.startsWith(`${directory}/`) && p.endsWith('.log'),
    )
    for (const path of logs.sort()) {
      for (const batch of readBatches(files.get(path)!).batches) {
        if (batch.baseOffset >= until) continue
        for (const completed of state.replay(batch)) {
          const aborted = state.complete(completed)
          if (aborted !== null) index.append(aborted)
        }
        state.transactions.onReplicatedTo(batch.nextOffset)
      }
    }
    return { state, index }
  }

  test('IDM-13 FIL-06 a replay gives the producers of the snapshots', () => {
    const files = kafkaFiles('killed')
    let compared = 0
    for (const [path, content] of files) {
      const [directory, name] = path.split('/') as [string, string]
      if (!name?.endsWith('.snapshot') || !/^(txn|idempotent)-/.test(directory)) continue
      const { state } = replay(files, directory, Number.parseInt(name))
      const byId = (a: { producerId: number }, b: { producerId: number }) =>
        a.producerId - b.producerId
      const stored = parseProducerSnapshot(path, content).sort(byId)
      expect(state.snapshot().sort(byId), path).toEqual(stored)
      compared++
    }
    expect(compared).toBeGreaterThan(5)
  })

  test('FIL-05 a replay gives the aborted transactions of the index', () => {
    const files = kafkaFiles('killed')
    for (const directory of ['txn-0', 'txn-1']) {
      const stored = [...files.keys()]
        .filter((path) => path.startsWith(`${directory}/`) && path.endsWith('.txnindex'))
        .sort()
        .map((path) => files.get(path)!)
      const { index, state } = replay(files, directory, Number.MAX_SAFE_INTEGER)
      expect(index.bytes).toEqual(Buffer.concat(stored))
      expect(state.transactions.firstUnstableOffset).toBe(directory === 'txn-0' ? 72 : null)
    }
  })
})
