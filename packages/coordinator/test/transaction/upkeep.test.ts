import { ErrorCode } from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'
import { errorOf } from '../support/errors.ts'
import { TransactionContext } from '../support/transaction-context.ts'

const WEEK_MS = 7 * 24 * 60 * 60_000

/** Time-outs are looked for so rarely that a week passes quickly. */
const LAZY = { config: { abortTimedOutIntervalMs: WEEK_MS } }

describe('time-outs', () => {
  test('TXN-21 an open transaction is fenced and aborted when its time is up', () => {
    const t = new TransactionContext()
    const producer = t.init({ transactionTimeoutMs: 25_000 })
    t.add(producer, { orders: [0] })
    t.advance(20_000)
    expect(t.state).toBe('Ongoing')
    t.advance(10_000)
    expect(t.transaction()).toMatchObject({ state: 'PrepareAbort', producerEpoch: 1 })
    expect(errorOf(() => t.end(producer, 'commit'))).toBe(ErrorCode.CONCURRENT_TRANSACTIONS)
    t.writeMarkers()
    expect(t.state).toBe('CompleteAbort')
    expect(errorOf(() => t.add(producer, { orders: [0] }))).toBe(ErrorCode.PRODUCER_FENCED)
    t.checkLaws()
  })

  test('TXN-21 a producer of version 1 that comes too late is fenced', () => {
    const t = new TransactionContext({ config: { transactionVersion: () => 1 } })
    const producer = t.init({ transactionTimeoutMs: 5_000 })
    t.add(producer, { orders: [0] }, 0)
    t.advance(10_000)
    expect(t.transaction()).toMatchObject({ state: 'PrepareAbort', producerEpoch: 1 })
    expect(errorOf(() => t.end(producer, 'commit', 0))).toBe(ErrorCode.PRODUCER_FENCED)
    t.writeMarkers()
    expect(errorOf(() => t.end(producer, 'abort', 0))).toBe(ErrorCode.PRODUCER_FENCED)
  })

  test('TXN-21 a producer of version 2 that comes too late to commit learns it', () => {
    const t = new TransactionContext()
    const producer = t.init({ transactionTimeoutMs: 5_000 })
    t.add(producer, { orders: [0] })
    t.advance(10_000)
    t.writeMarkers()
    expect(errorOf(() => t.end(producer, 'commit'))).toBe(ErrorCode.INVALID_TXN_STATE)
    expect(t.end(producer, 'abort')).toEqual({ producerId: 1000, producerEpoch: 1 })
  })

  test('TXN-21 only the transaction whose time is up ends', () => {
    const t = new TransactionContext()
    const slow = t.init({ transactionTimeoutMs: 5_000, transactionalId: 'slow' })
    const quick = t.init({ transactionTimeoutMs: 60_000, transactionalId: 'quick' })
    t.init({ transactionTimeoutMs: 5_000, transactionalId: 'idle' })
    t.add(slow, { orders: [0] }, 2, 'slow')
    t.add(quick, { orders: [0] }, 2, 'quick')
    t.advance(10_000)
    const states = ['slow', 'quick', 'idle'].map((id) => t.transaction(id).state)
    expect(states).toEqual(['PrepareAbort', 'Ongoing', 'Empty'])
  })

  test('TXN-21 the time runs on while the coordinator moves', () => {
    const t = new TransactionContext()
    const producer = t.init({ transactionTimeoutMs: 25_000 })
    t.add(producer, { orders: [0] })
    t.advance(24_000)
    t.reload()
    t.advance(10_000)
    expect(t.state).toBe('PrepareAbort')
  })

  test('an append that fails is tried again soon', () => {
    const t = new TransactionContext()
    const producer = t.init({ transactionTimeoutMs: 5_000 })
    t.add(producer, { orders: [0] })
    t.failNextAppend(ErrorCode.COORDINATOR_NOT_AVAILABLE)
    t.advance(10_000)
    expect(t.state).toBe('Ongoing')
    t.advance(1_000)
    expect(t.state).toBe('PrepareAbort')
  })

  test('a transaction whose epochs are used up waits for a producer id first', () => {
    const t = new TransactionContext()
    t.restore({ producerEpoch: 32_766, timeoutMs: 5_000 })
    t.add({ producerId: 7, producerEpoch: 32_766 }, { orders: [0] })
    t.nextProducerId = null
    t.advance(10_000)
    t.grantProducerIds()
    expect(t.state).toBe('Ongoing')
    t.nextProducerId = 1000
    t.advance(10_000)
    t.grantProducerIds()
    expect(t.transaction()).toMatchObject({ state: 'PrepareAbort', nextProducerId: 1000 })
  })

  test('a producer id that comes too late is not needed any more', () => {
    const t = new TransactionContext()
    t.restore({ producerEpoch: 32_766, timeoutMs: 5_000 })
    const producer = { producerId: 7, producerEpoch: 32_766 }
    t.add(producer, { orders: [0] }, 0)
    t.advance(10_000)
    t.end(producer, 'commit', 0)
    t.grantProducerIds()
    expect(t.state).toBe('PrepareCommit')
  })

  test('a transaction an outside coordinator ends has no time-out', () => {
    const t = new TransactionContext({ config: { twoPhaseCommitEnabled: true } })
    const producer = t.init({ enable2Pc: true })
    t.add(producer, { orders: [0] })
    t.nowMs += 30 * 24 * 60 * 60_000
    t.event({ kind: 'lookForTimeouts' })
    expect(t.state).toBe('Ongoing')
    expect(t.init().errorCode).toBe(ErrorCode.CONCURRENT_TRANSACTIONS)
    expect(t.state).toBe('PrepareAbort')
  })
})

describe('expiry', () => {
  test('TXN-22 a transactional id nobody used for a week is forgotten', () => {
    const t = new TransactionContext(LAZY)
    t.init()
    t.advance(WEEK_MS - 3_600_000)
    expect(t.shard.transactions.size).toBe(1)
    t.advance(3_600_000)
    expect(t.shard.transactions.size).toBe(0)
    expect(t.init().producerId).toBe(1001)
    t.checkLaws()
  })

  test.each(['Empty', 'CompleteCommit', 'CompleteAbort'] as const)(
    'TXN-22 a transactional id in state %s expires',
    (state) => {
      const t = new TransactionContext(LAZY)
      t.restore({ state })
      t.advance(WEEK_MS)
      expect(t.shard.transactions.size).toBe(0)
    },
  )

  test.each(['Ongoing', 'PrepareCommit', 'PrepareAbort'] as const)(
    'TXN-22 a transactional id in state %s does not expire',
    (state) => {
      const t = new TransactionContext(LAZY)
      t.restore({ state, timeoutMs: 0x7fffffff })
      t.advance(2 * WEEK_MS)
      expect(t.shard.transactions.size).toBe(1)
    },
  )

  test('TXN-22 every use counts', () => {
    const t = new TransactionContext(LAZY)
    const producer = t.init()
    t.advance(WEEK_MS / 2)
    t.add(producer, { orders: [0] })
    const next = t.end(producer, 'commit')
    t.writeMarkers()
    t.advance(WEEK_MS / 2 + 3_600_000)
    expect(t.shard.transactions.size).toBe(1)
    expect(t.init(next).producerEpoch).toBe(2)
  })

  test('more than one turn takes are forgotten one turn after the other', () => {
    const t = new TransactionContext(LAZY)
    t.restoreAll(Array.from({ length: 1_005 }, (_, n) => `id-${n}`))
    t.nowMs += WEEK_MS
    t.event({ kind: 'lookForExpired' })
    expect(t.shard.transactions.size).toBe(5)
    expect(t.timeLeft('expiry')).toBe(0)
    t.advance(0)
    expect(t.shard.transactions.size).toBe(0)
    expect(t.timeLeft('expiry')).toBe(3_600_000)
  })
})
