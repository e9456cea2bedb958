import { ErrorCode } from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'
import { errorOf } from '../support/errors.ts'
import { TransactionContext, topicsOf } from '../support/transaction-context.ts'

const PRODUCER = { producerId: 7, producerEpoch: 3 }

/** A producer with epoch 3 in an open transaction. */
function open(): TransactionContext {
  const t = new TransactionContext()
  t.restore({ producerEpoch: 3 })
  t.add(PRODUCER, { orders: [0, 1] }, 0)
  return t
}

describe('transaction version 1', () => {
  test.each(['commit', 'abort'] as const)('TXN-14 %s answers before the markers', (how) => {
    const t = open()
    expect(t.end(PRODUCER, how, 0)).toEqual({ producerId: -1, producerEpoch: -1 })
    expect(t.state).toBe(how === 'commit' ? 'PrepareCommit' : 'PrepareAbort')
    const [task] = t.takeMarkers()
    expect(task).toMatchObject({
      ...PRODUCER,
      committed: how === 'commit',
      transactionVersion: 0,
    })
    expect(topicsOf(task!.partitions)).toEqual({ orders: [0, 1] })
    t.markersWritten(task!)
    expect(t.transaction()).toMatchObject({
      state: how === 'commit' ? 'CompleteCommit' : 'CompleteAbort',
      producerEpoch: 3,
      partitions: new Map(),
    })
    t.checkLaws()
  })

  test('TXN-13 there is nothing to end in state Empty', () => {
    const t = new TransactionContext()
    t.restore({ producerEpoch: 3 })
    for (const how of ['commit', 'abort'] as const) {
      expect(errorOf(() => t.end(PRODUCER, how, 0))).toBe(ErrorCode.INVALID_TXN_STATE)
    }
  })

  test('TXN-13 the same end again waits for the markers, the other one is invalid', () => {
    const t = open()
    t.end(PRODUCER, 'commit', 0)
    expect(errorOf(() => t.end(PRODUCER, 'commit', 0))).toBe(ErrorCode.CONCURRENT_TRANSACTIONS)
    expect(errorOf(() => t.end(PRODUCER, 'abort', 0))).toBe(ErrorCode.INVALID_TXN_STATE)
    t.writeMarkers()
    expect(t.end(PRODUCER, 'commit', 0)).toEqual({ producerId: -1, producerEpoch: -1 })
    expect(t.state).toBe('CompleteCommit')
    t.checkLaws()
    expect(errorOf(() => t.end(PRODUCER, 'abort', 0))).toBe(ErrorCode.INVALID_TXN_STATE)
  })

  test('TXN-13 what answers a retry is the coordinator still: it can store', () => {
    const t = open()
    t.end(PRODUCER, 'abort', 0)
    t.writeMarkers()
    t.failNextAppend(ErrorCode.NOT_COORDINATOR)
    expect(errorOf(() => t.end(PRODUCER, 'abort', 0))).toBe(ErrorCode.NOT_COORDINATOR)
  })

  test('another id or epoch is refused', () => {
    const t = open()
    expect(errorOf(() => t.end({ producerId: 8, producerEpoch: 3 }, 'commit', 0))).toBe(
      ErrorCode.INVALID_PRODUCER_ID_MAPPING,
    )
    for (const producerEpoch of [2, 4]) {
      expect(errorOf(() => t.end({ producerId: 7, producerEpoch }, 'commit', 0))).toBe(
        ErrorCode.PRODUCER_FENCED,
      )
    }
    expect(errorOf(() => t.end(PRODUCER, 'commit', 0, 'other'))).toBe(
      ErrorCode.INVALID_PRODUCER_ID_MAPPING,
    )
    expect(errorOf(() => t.end(PRODUCER, 'commit', 0, ''))).toBe(ErrorCode.INVALID_REQUEST)
  })
})

describe('transaction version 2', () => {
  test.each(['commit', 'abort'] as const)('TXN-15 %s raises the epoch', (how) => {
    const t = open()
    expect(t.end(PRODUCER, how)).toEqual({ producerId: 7, producerEpoch: 4 })
    expect(t.takeMarkers()).toMatchObject([{ producerEpoch: 4, transactionVersion: 2 }])
    expect(t.transaction()).toMatchObject({ producerEpoch: 4, clientTransactionVersion: 2 })
    t.checkLaws()
  })

  test.each(['commit', 'abort'] as const)('TXN-15 a retry of %s is told by its epoch', (how) => {
    const t = open()
    const first = t.end(PRODUCER, how)
    expect(errorOf(() => t.end(PRODUCER, how))).toBe(ErrorCode.CONCURRENT_TRANSACTIONS)
    t.writeMarkers()
    expect(t.end(PRODUCER, how)).toEqual(first)
    expect(t.records).toEqual([])
    const other = how === 'commit' ? 'abort' : 'commit'
    expect(errorOf(() => t.end(PRODUCER, other))).toBe(ErrorCode.INVALID_TXN_STATE)
  })

  test.each([
    { state: 'Empty', how: 'commit', epoch: 3, code: ErrorCode.INVALID_TXN_STATE },
    { state: 'Empty', how: 'commit', epoch: 2, code: ErrorCode.PRODUCER_FENCED },
    { state: 'Empty', how: 'abort', epoch: 2, code: ErrorCode.PRODUCER_FENCED },
    { state: 'CompleteCommit', how: 'commit', epoch: 3, code: ErrorCode.INVALID_TXN_STATE },
    { state: 'CompleteCommit', how: 'abort', epoch: 2, code: ErrorCode.INVALID_TXN_STATE },
    { state: 'CompleteAbort', how: 'commit', epoch: 3, code: ErrorCode.INVALID_TXN_STATE },
    { state: 'CompleteAbort', how: 'commit', epoch: 2, code: ErrorCode.INVALID_TXN_STATE },
    { state: 'CompleteAbort', how: 'abort', epoch: 1, code: ErrorCode.PRODUCER_FENCED },
    { state: 'CompleteAbort', how: 'abort', epoch: 4, code: ErrorCode.PRODUCER_FENCED },
    { state: 'Ongoing', how: 'commit', epoch: 2, code: ErrorCode.PRODUCER_FENCED },
    { state: 'Ongoing', how: 'commit', epoch: 4, code: ErrorCode.PRODUCER_FENCED },
  ] as const)('TXN-15 $how with epoch $epoch in state $state is refused', (row) => {
    const t = new TransactionContext()
    t.restore({ state: row.state, producerEpoch: 3 })
    expect(errorOf(() => t.end({ producerId: 7, producerEpoch: row.epoch }, row.how))).toBe(
      row.code,
    )
  })

  test.each(['Empty', 'CompleteCommit', 'CompleteAbort'] as const)(
    'TXN-16 an abort of nothing (%s) raises the epoch and is complete at once',
    (state) => {
      const t = new TransactionContext()
      t.restore({ state, producerEpoch: 3 })
      expect(t.end(PRODUCER, 'abort')).toEqual({ producerId: 7, producerEpoch: 4 })
      expect(t.transaction()).toMatchObject({
        state: 'CompleteAbort',
        producerEpoch: 4,
        startTimestampMs: t.nowMs,
      })
      expect(t.tasks).toEqual([])
      t.checkLaws()
    },
  )

  test('TXN-15 the last epoch of a producer id is followed by another id', () => {
    const t = new TransactionContext()
    t.restore({ producerEpoch: 32_766 })
    const last = { producerId: 7, producerEpoch: 32_766 }
    t.add(last, { orders: [0] })
    expect(t.end(last, 'commit')).toEqual({ producerId: 1000, producerEpoch: 0 })
    expect(t.transaction()).toMatchObject({
      producerId: 7,
      producerEpoch: 32_767,
      nextProducerId: 1000,
    })
    const fresh = { producerId: 1000, producerEpoch: 0 }
    expect(errorOf(() => t.add(fresh, { orders: [0] }))).toBe(ErrorCode.CONCURRENT_TRANSACTIONS)
    t.writeMarkers()
    expect(t.transaction()).toMatchObject({ ...fresh, previousProducerId: 7, nextProducerId: -1 })
    expect(t.end(last, 'commit')).toEqual(fresh)
    t.add(fresh, { orders: [0] })
    expect(errorOf(() => t.end(last, 'commit'))).toBe(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
    t.checkLaws()
  })

  test('TXN-15 a retry after the rotation is known on the next coordinator as well', () => {
    const t = new TransactionContext()
    t.restore({ producerEpoch: 32_766 })
    const last = { producerId: 7, producerEpoch: 32_766 }
    t.add(last, { orders: [0] })
    t.end(last, 'commit')
    t.writeMarkers()
    t.reload()
    expect(t.end(last, 'commit')).toEqual({ producerId: 1000, producerEpoch: 0 })
  })

  test('a producer that lost the answer may also recover by InitProducerId', () => {
    const t = open()
    t.end(PRODUCER, 'commit')
    t.writeMarkers()
    expect(t.init(PRODUCER)).toMatchObject({ producerId: 7, producerEpoch: 4 })
  })

  test('another id is refused', () => {
    const t = open()
    expect(errorOf(() => t.end({ producerId: 8, producerEpoch: 3 }, 'commit'))).toBe(
      ErrorCode.INVALID_PRODUCER_ID_MAPPING,
    )
  })

  test('an end that cannot be stored did not happen', () => {
    const t = open()
    t.failNextAppend(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    expect(errorOf(() => t.end(PRODUCER, 'commit'))).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    expect(t.transaction()).toMatchObject({ state: 'Ongoing', producerEpoch: 3 })
    expect(t.tasks).toEqual([])
    expect(t.end(PRODUCER, 'abort')).toEqual({ producerId: 7, producerEpoch: 4 })
  })
})

describe('markers', () => {
  test('of another transaction complete nothing', () => {
    const t = open()
    t.end(PRODUCER, 'commit')
    const [task] = t.takeMarkers()
    t.markersWritten({ ...task!, producerEpoch: 3 })
    t.markersWritten({ ...task!, producerId: 8 })
    t.markersWritten({ ...task!, transactionalId: 'other' })
    expect(t.state).toBe('PrepareCommit')
    t.markersWritten(task!)
    expect(t.state).toBe('CompleteCommit')
    t.markersWritten(task!)
    expect(t.records).toEqual([])
  })

  test('written ones are not written again when the completion cannot be stored', () => {
    const t = open()
    t.end(PRODUCER, 'commit')
    const [task] = t.takeMarkers()
    t.failNextAppend(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    expect(() => t.markersWritten(task!)).toThrow()
    expect(t.state).toBe('PrepareCommit')
    t.advance(500)
    expect(t.state).toBe('CompleteCommit')
    expect(t.tasks).toEqual([])
  })

  test('TXN-20 are asked for again by whoever loads the shard', () => {
    const t = open()
    t.end(PRODUCER, 'commit')
    const before = t.takeMarkers()
    t.reload()
    expect(t.takeMarkers()).toEqual(before)
    t.markersWritten(before[0]!)
    t.reload()
    expect(t.tasks).toEqual([])
    expect(t.state).toBe('CompleteCommit')
  })
})
