import { ErrorCode } from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'
import { errorOf } from '../support/errors.ts'
import { TransactionContext, topicsOf } from '../support/transaction-context.ts'

const PRODUCER = { producerId: 7, producerEpoch: 0 }

describe('partitions added', () => {
  test.each(['Empty', 'CompleteCommit', 'CompleteAbort'] as const)(
    'TXN-01 the first one begins a transaction, from state %s',
    (state) => {
      const t = new TransactionContext()
      t.restore({ state, startTimestampMs: 3 })
      t.add(PRODUCER, { orders: [0, 2], stock: [1] })
      expect(t.transaction()).toMatchObject({
        state: 'Ongoing',
        startTimestampMs: t.nowMs,
        clientTransactionVersion: 2,
      })
      expect(topicsOf(t.transaction().partitions)).toEqual({ orders: [0, 2], stock: [1] })
      t.checkLaws()
    },
  )

  test('later ones do not move its beginning', () => {
    const t = new TransactionContext()
    t.restore({})
    t.add(PRODUCER, { orders: [0] })
    const { startTimestampMs } = t.transaction()
    t.advance(500)
    t.add(PRODUCER, { orders: [1], stock: [0] }, 0)
    expect(t.transaction()).toMatchObject({
      startTimestampMs,
      lastUpdateTimestampMs: startTimestampMs + 500,
      clientTransactionVersion: 0,
    })
    expect(topicsOf(t.transaction().partitions)).toEqual({ orders: [0, 1], stock: [0] })
    t.checkLaws()
  })

  test('TXN-11 those that are in it already write nothing', () => {
    const t = new TransactionContext()
    t.restore({})
    t.add(PRODUCER, { orders: [0, 1] })
    t.add(PRODUCER, { orders: [1] })
    expect(t.records).toEqual([])
  })

  test('TXN-11 an unknown transactional id or another producer id is refused', () => {
    const t = new TransactionContext()
    expect(errorOf(() => t.add(PRODUCER, { orders: [0] }))).toBe(
      ErrorCode.INVALID_PRODUCER_ID_MAPPING,
    )
    t.restore({})
    expect(errorOf(() => t.add({ producerId: 8, producerEpoch: 0 }, { orders: [0] }))).toBe(
      ErrorCode.INVALID_PRODUCER_ID_MAPPING,
    )
    expect(errorOf(() => t.add(PRODUCER, { orders: [0] }, 0, ''))).toBe(ErrorCode.INVALID_REQUEST)
  })

  test('TXN-11 another epoch is fenced', () => {
    const t = new TransactionContext()
    t.restore({ producerEpoch: 5 })
    for (const producerEpoch of [4, 6]) {
      expect(errorOf(() => t.add({ producerId: 7, producerEpoch }, { orders: [0] }))).toBe(
        ErrorCode.PRODUCER_FENCED,
      )
    }
  })

  test.each(['PrepareCommit', 'PrepareAbort'] as const)(
    'TXN-11 TXN-14 while the last transaction is being completed (%s) the producer waits',
    (state) => {
      const t = new TransactionContext()
      t.restore({ state })
      expect(errorOf(() => t.add(PRODUCER, { orders: [0] }))).toBe(
        ErrorCode.CONCURRENT_TRANSACTIONS,
      )
    },
  )
})

describe('partitions verified', () => {
  test('IDM-10 only those of the open transaction may be written to', () => {
    const t = new TransactionContext()
    t.restore({})
    t.add(PRODUCER, { orders: [0, 1] })
    expect(t.verify(PRODUCER, { orders: [1, 2], stock: [0] })).toEqual(
      new Map([
        [
          'orders',
          new Map([
            [1, ErrorCode.NONE],
            [2, ErrorCode.TRANSACTION_ABORTABLE],
          ]),
        ],
        ['stock', new Map([[0, ErrorCode.TRANSACTION_ABORTABLE]])],
      ]),
    )
    expect(t.records).toEqual([])
  })

  test('IDM-10 nobody but the newest incarnation passes', () => {
    const t = new TransactionContext()
    expect(errorOf(() => t.verify(PRODUCER, { orders: [0] }))).toBe(
      ErrorCode.INVALID_PRODUCER_ID_MAPPING,
    )
    t.restore({ producerEpoch: 1 })
    expect(errorOf(() => t.verify(PRODUCER, { orders: [0] }))).toBe(ErrorCode.PRODUCER_FENCED)
    t.restore({ state: 'PrepareCommit' })
    expect(errorOf(() => t.verify(PRODUCER, { orders: [0] }))).toBe(
      ErrorCode.CONCURRENT_TRANSACTIONS,
    )
  })

  test('IDM-10 a transaction that is over has no partitions', () => {
    const t = new TransactionContext()
    t.restore({ state: 'CompleteCommit' })
    expect(
      t
        .verify(PRODUCER, { orders: [0] })
        .get('orders')!
        .get(0),
    ).toBe(ErrorCode.TRANSACTION_ABORTABLE)
  })
})
