import { ErrorCode } from '@barnabas/protocol'
import { expect, test } from 'vitest'
import type { TransactionFilter } from '../../src/index.ts'
import { TransactionContext } from '../support/transaction-context.ts'

const ALL: TransactionFilter = {
  states: new Set(),
  producerIds: new Set(),
  durationMs: -1,
  matchesId: null,
}
const NOW = Number.MAX_SAFE_INTEGER

function list(t: TransactionContext, filter: Partial<TransactionFilter>): string[] {
  return t.shard
    .list({ ...ALL, ...filter }, NOW, t.nowMs)
    .map(({ transactionalId }) => transactionalId)
    .toSorted()
}

test('TXN-27 a transaction is described with its partitions', () => {
  const t = new TransactionContext()
  const producer = t.init()
  t.add(producer, { orders: [0, 1], stock: [4] })
  expect(t.shard.describe('my-transactions', NOW)).toMatchObject({
    errorCode: 0,
    transactionalId: 'my-transactions',
    transactionState: 'Ongoing',
    transactionTimeoutMs: 60_000,
    transactionStartTimeMs: t.nowMs,
    producerId: 1000,
    producerEpoch: 0,
    topics: [
      { topic: 'orders', partitions: [0, 1] },
      { topic: 'stock', partitions: [4] },
    ],
  })
})

test('TXN-27 an unknown transactional id is not found', () => {
  expect(new TransactionContext().shard.describe('nobody', NOW)).toMatchObject({
    errorCode: ErrorCode.TRANSACTIONAL_ID_NOT_FOUND,
    transactionalId: 'nobody',
  })
})

test('TXN-27 transactions are listed by state, producer, duration and name', () => {
  const t = new TransactionContext()
  t.restore({ producerId: 1, state: 'Ongoing', startTimestampMs: t.nowMs - 500 }, 'a-long')
  t.restore({ producerId: 2, state: 'Ongoing', startTimestampMs: t.nowMs - 100 }, 'a-short')
  t.restore({ producerId: 3, state: 'CompleteCommit', startTimestampMs: t.nowMs - 900 }, 'b')
  expect(list(t, {})).toEqual(['a-long', 'a-short', 'b'])
  expect(list(t, { states: new Set(['Ongoing', 'Empty']) })).toEqual(['a-long', 'a-short'])
  expect(list(t, { states: new Set(['Dead']) })).toEqual([])
  expect(list(t, { producerIds: new Set([2, 3]) })).toEqual(['a-short', 'b'])
  expect(list(t, { durationMs: 100 })).toEqual(['a-long', 'b'])
  expect(list(t, { durationMs: 0, states: new Set(['Ongoing']) })).toEqual(['a-long', 'a-short'])
  expect(list(t, { matchesId: (id) => id.startsWith('b') })).toEqual(['b'])
})

test('what is not committed yet is not shown', () => {
  const t = new TransactionContext()
  const producer = t.init()
  t.add(producer, { orders: [0] })
  expect(t.shard.describe('my-transactions', 1).transactionState).toBe('Empty')
  expect(t.shard.describe('my-transactions', 0).errorCode).toBe(105)
  expect(t.shard.list({ ...ALL, states: new Set(['Ongoing']) }, 1, t.nowMs)).toEqual([])
})
