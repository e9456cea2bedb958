import { ErrorCode } from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'
import { errorOf } from '../support/errors.ts'
import { TransactionContext } from '../support/transaction-context.ts'

const TV1 = { config: { transactionVersion: () => 1 } }
const ONGOING = { state: 'Ongoing', partitions: new Map([['orders', new Set([0])]]) } as const

describe('a transactional id nobody knows', () => {
  test('is given a fresh producer id with epoch 0', () => {
    const t = new TransactionContext()
    expect(t.init()).toEqual({ errorCode: 0, producerId: 1000, producerEpoch: 0 })
    expect(t.transaction()).toMatchObject({
      producerId: 1000,
      producerEpoch: 0,
      previousProducerId: 1000,
      nextProducerId: -1,
      state: 'Empty',
      timeoutMs: 60_000,
      startTimestampMs: -1,
      lastUpdateTimestampMs: t.nowMs,
    })
    t.checkLaws()
  })

  test('TXN-30 waits for a producer id while none is at hand', () => {
    const t = new TransactionContext()
    t.nextProducerId = null
    expect(errorOf(() => t.init())).toBe(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS)
    expect(t.log).toEqual([])
    t.nextProducerId = 5
    expect(t.init().producerId).toBe(5)
  })

  test('a request that waits for a producer id is refused when its record cannot be stored', () => {
    const t = new TransactionContext()
    t.failNextAppend(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    expect(() => t.init()).toThrow()
    expect(t.parked.size).toBe(0)
    expect([...t.released.values()]).toMatchObject([{ errorCode: 15 }])
    expect(t.shard.transactions.size).toBe(0)
  })

  test('two requests at once end up with one producer id and two epochs', () => {
    const t = new TransactionContext()
    const request = {
      transactionalId: 'both',
      transactionTimeoutMs: 1000,
      producerId: -1,
      producerEpoch: -1,
      enable2Pc: false,
      keepPreparedTxn: false,
      unknownTaggedFields: null,
    }
    for (let n = 0; n < 2; n++) {
      t.run((shard, context) => shard.initProducerId(request, context))
    }
    t.grantProducerIds()
    expect([...t.released.values()]).toMatchObject([
      { producerId: 1000, producerEpoch: 0 },
      { producerId: 1000, producerEpoch: 1 },
    ])
  })

  test('is new even for a producer that says who it is', () => {
    const t = new TransactionContext()
    expect(t.init({ producerId: 3, producerEpoch: 4 })).toMatchObject({
      producerId: 1000,
      producerEpoch: 0,
    })
  })
})

describe('requests that make no sense', () => {
  test('TXN-03 an empty transactional id is invalid', () => {
    expect(errorOf(() => new TransactionContext().init({ transactionalId: '' }))).toBe(
      ErrorCode.INVALID_REQUEST,
    )
  })

  test.each([0, -1, 900_001])('TXN-04 a time-out of %i is invalid', (transactionTimeoutMs) => {
    const t = new TransactionContext()
    expect(errorOf(() => t.init({ transactionTimeoutMs }))).toBe(
      ErrorCode.INVALID_TRANSACTION_TIMEOUT,
    )
  })

  test('TXN-04 the longest time-out is the configured one', () => {
    expect(new TransactionContext().init({ transactionTimeoutMs: 900_000 }).errorCode).toBe(0)
  })

  test('TXN-05 a producer id without an epoch, or the other way round, is invalid', () => {
    const t = new TransactionContext()
    expect(errorOf(() => t.init({ producerId: 3 }))).toBe(ErrorCode.INVALID_REQUEST)
    expect(errorOf(() => t.init({ producerEpoch: 3 }))).toBe(ErrorCode.INVALID_REQUEST)
  })

  test('two-phase commit is refused unless it is enabled, prepared transactions are not kept', () => {
    const t = new TransactionContext()
    expect(errorOf(() => t.init({ enable2Pc: true }))).toBe(
      ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    )
    const enabled = new TransactionContext({ config: { twoPhaseCommitEnabled: true } })
    expect(errorOf(() => enabled.init({ enable2Pc: true, keepPreparedTxn: true }))).toBe(
      ErrorCode.UNSUPPORTED_VERSION,
    )
    enabled.init({ enable2Pc: true, transactionTimeoutMs: 0 })
    expect(enabled.transaction().timeoutMs).toBe(0x7fffffff)
  })
})

describe('a transactional id that is known', () => {
  test.each(['Empty', 'CompleteCommit', 'CompleteAbort'] as const)(
    'gets the next epoch in state %s',
    (state) => {
      const t = new TransactionContext()
      t.restore({ state, producerEpoch: 3 })
      expect(t.init({ transactionTimeoutMs: 5_000 })).toMatchObject({
        producerId: 7,
        producerEpoch: 4,
      })
      expect(t.transaction()).toMatchObject({ state: 'Empty', timeoutMs: 5_000 })
      t.checkLaws()
    },
  )

  test.each(['PrepareCommit', 'PrepareAbort'] as const)(
    'TXN-09 is told to come again in state %s',
    (state) => {
      const t = new TransactionContext()
      t.restore({ state })
      expect(errorOf(() => t.init())).toBe(ErrorCode.CONCURRENT_TRANSACTIONS)
      expect(errorOf(() => t.init({ producerId: 99, producerEpoch: 0 }))).toBe(
        ErrorCode.CONCURRENT_TRANSACTIONS,
      )
    },
  )

  test('TXN-08 an open transaction is fenced and aborted, the producer told to come again', () => {
    const t = new TransactionContext()
    t.restore({ ...ONGOING, producerEpoch: 3, startTimestampMs: 5 })
    expect(t.init()).toEqual({ errorCode: 51, producerId: -1, producerEpoch: -1 })
    expect(t.transaction()).toMatchObject({
      state: 'PrepareAbort',
      producerEpoch: 4,
      startTimestampMs: 5,
    })
    expect(t.tasks).toMatchObject([
      { kind: 'writeMarkers', producerId: 7, producerEpoch: 4, committed: false },
    ])
    expect(errorOf(() => t.init())).toBe(ErrorCode.CONCURRENT_TRANSACTIONS)
    t.writeMarkers()
    expect(t.state).toBe('CompleteAbort')
    expect(t.init()).toMatchObject({ errorCode: 0, producerId: 7, producerEpoch: 5 })
    t.checkLaws()
  })

  test('TXN-08 the same with transaction version 1', () => {
    const t = new TransactionContext(TV1)
    t.restore({ ...ONGOING, producerEpoch: 3 })
    expect(t.init().errorCode).toBe(ErrorCode.CONCURRENT_TRANSACTIONS)
    expect(t.takeMarkers()).toMatchObject([{ producerEpoch: 4, transactionVersion: 0 }])
    t.checkLaws()
  })

  test('TXN-08 a fencing that cannot be stored leaves the epoch, so that no epoch is lost', () => {
    const t = new TransactionContext()
    t.restore({ ...ONGOING, producerEpoch: 3 })
    t.failNextAppend(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    expect(errorOf(() => t.init())).toBe(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    expect(t.transaction()).toMatchObject({ state: 'Ongoing', producerEpoch: 3 })
    expect(t.tasks).toEqual([])
    t.init()
    expect(t.transaction().producerEpoch).toBe(4)
  })
})

describe('a producer that recovers with its id and epoch', () => {
  test('TXN-06 is fenced when the id is another one', () => {
    const t = new TransactionContext()
    t.restore({ producerEpoch: 3 })
    expect(errorOf(() => t.init({ producerId: 8, producerEpoch: 3 }))).toBe(
      ErrorCode.PRODUCER_FENCED,
    )
  })

  test('TXN-06 is fenced when the epoch is neither the present nor the last one', () => {
    const t = new TransactionContext()
    t.restore({ producerEpoch: 3 })
    for (const producerEpoch of [1, 2, 4]) {
      expect(errorOf(() => t.init({ producerId: 7, producerEpoch }))).toBe(
        ErrorCode.PRODUCER_FENCED,
      )
    }
  })

  test('gets the next epoch', () => {
    const t = new TransactionContext()
    t.restore({ producerEpoch: 3 })
    expect(t.init({ producerId: 7, producerEpoch: 3 })).toMatchObject({
      producerId: 7,
      producerEpoch: 4,
    })
  })

  test('TXN-07 a retry with the last epoch gets the same answer again', () => {
    const t = new TransactionContext()
    t.restore({ producerEpoch: 3 })
    const first = t.init({ producerId: 7, producerEpoch: 3 })
    expect(t.init({ producerId: 7, producerEpoch: 3 })).toEqual(first)
    expect(t.init({ producerId: 7, producerEpoch: 3 })).toEqual(first)
    t.checkLaws()
  })

  test('TXN-07 once another incarnation has come there is no last epoch', () => {
    const t = new TransactionContext()
    t.restore({ producerEpoch: 3 })
    t.init({ producerId: 7, producerEpoch: 3 })
    expect(t.init().producerEpoch).toBe(5)
    for (const producerEpoch of [3, 4]) {
      expect(errorOf(() => t.init({ producerId: 7, producerEpoch }))).toBe(
        ErrorCode.PRODUCER_FENCED,
      )
    }
  })
})

describe('epochs that are used up', () => {
  test('TXN-10 a fresh producer id with epoch 0 follows', () => {
    const t = new TransactionContext()
    t.restore({ producerEpoch: 32_766 })
    expect(t.init()).toMatchObject({ producerId: 1000, producerEpoch: 0 })
    expect(t.transaction().previousProducerId).toBe(7)
    t.checkLaws()
  })

  test('TXN-10 the last epoch given away is 32766', () => {
    const t = new TransactionContext()
    t.restore({ producerEpoch: 32_765 })
    expect(t.init()).toMatchObject({ producerId: 7, producerEpoch: 32_766 })
  })

  test('TXN-10 a retry with the id used up gets the new one again', () => {
    const t = new TransactionContext()
    t.restore({ producerEpoch: 32_766 })
    const first = t.init({ producerId: 7, producerEpoch: 32_766 })
    expect(first).toMatchObject({ producerId: 1000, producerEpoch: 0 })
    expect(t.init({ producerId: 7, producerEpoch: 32_766 })).toEqual(first)
    expect(errorOf(() => t.init({ producerId: 7, producerEpoch: 5 }))).toBe(
      ErrorCode.PRODUCER_FENCED,
    )
  })

  test('TXN-10 the id used up is forgotten with the next step', () => {
    const t = new TransactionContext()
    t.restore({ producerEpoch: 32_766 })
    const fresh = t.init({ producerId: 7, producerEpoch: 32_766 })
    t.add(fresh, { orders: [0] })
    expect(errorOf(() => t.init({ producerId: 7, producerEpoch: 32_766 }))).toBe(
      ErrorCode.PRODUCER_FENCED,
    )
    expect(t.state).toBe('Ongoing')
  })

  test('a retry whose epoch became the last possible one gets it again', () => {
    const t = new TransactionContext()
    t.restore({ producerEpoch: 32_765 })
    t.init({ producerId: 7, producerEpoch: 32_765 })
    expect(t.init({ producerId: 7, producerEpoch: 32_765 })).toMatchObject({
      producerId: 7,
      producerEpoch: 32_766,
    })
  })

  test('TXN-10 an open transaction is aborted first, and leaves a fresh id behind', () => {
    const t = new TransactionContext()
    t.restore({ ...ONGOING, producerEpoch: 32_766 })
    expect(t.init().errorCode).toBe(ErrorCode.CONCURRENT_TRANSACTIONS)
    expect(t.takeMarkers()).toMatchObject([{ producerId: 7, producerEpoch: 32_767 }])
    expect(t.transaction().nextProducerId).toBe(1000)
    t.event({
      kind: 'markersWritten',
      transactionalId: 'my-transactions',
      producerId: 7,
      producerEpoch: 32_767,
    })
    expect(t.transaction()).toMatchObject({
      state: 'CompleteAbort',
      producerId: 1000,
      producerEpoch: 0,
      previousProducerId: 7,
    })
    expect(t.init()).toMatchObject({ producerId: 1000, producerEpoch: 1 })
    t.checkLaws()
  })

  test('TXN-10 with transaction version 1 the fresh id comes with the next request', () => {
    const t = new TransactionContext(TV1)
    t.restore({ ...ONGOING, producerEpoch: 32_766 })
    t.init()
    t.writeMarkers()
    expect(t.transaction()).toMatchObject({ producerId: 7, producerEpoch: 32_767 })
    expect(t.init()).toMatchObject({ producerId: 1000, producerEpoch: 0 })
    t.checkLaws()
  })
})
