import {
  createWriteTxnMarkersResponse,
  ErrorCode,
  type WriteTxnMarkersRequest,
} from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'
import { MarkerQueue, MarkerWork } from '../../src/transaction/marker-queue.ts'
import { answer } from '../support/marker-answers.ts'
import { partitionsOf, type Topics } from '../support/transaction-context.ts'

function work(producerId: number, topics: Topics, coordinatorEpoch = 3): MarkerWork {
  const task = {
    kind: 'writeMarkers' as const,
    transactionalId: `transactions-${producerId}`,
    producerId,
    producerEpoch: 5,
    committed: true,
    transactionVersion: 2,
    partitions: partitionsOf(topics),
  }
  return new MarkerWork(task, 9, coordinatorEpoch)
}

/** Even partitions are led by broker 1, odd ones by broker 2. */
const parity = (_topic: string, partition: number) => 1 + (partition % 2)

function markersOf(request: WriteTxnMarkersRequest | null) {
  return request!.markers.map(({ producerId, topics }) => [
    producerId,
    Object.fromEntries(topics.map(({ name, partitionIndexes }) => [name, partitionIndexes])),
  ])
}

describe('markers on their way', () => {
  test('TXN-18 a marker names its producer, outcome and coordinator', () => {
    const queue = new MarkerQueue()
    queue.add(work(7, { orders: [0] }))
    queue.assign(parity)
    expect(queue.take(1)!.markers).toMatchObject([
      {
        producerId: 7,
        producerEpoch: 5,
        transactionResult: true,
        coordinatorEpoch: 3,
        transactionVersion: 2,
        topics: [{ name: 'orders', partitionIndexes: [0] }],
      },
    ])
  })

  test('all that go to one broker go in one request', () => {
    const queue = new MarkerQueue()
    queue.add(work(7, { orders: [0, 1, 2], stock: [4] }))
    queue.add(work(8, { orders: [2, 3] }))
    queue.assign(parity)
    expect(queue.ready()).toEqual([1, 2])
    expect(markersOf(queue.take(1))).toEqual([
      [7, { orders: [0, 2], stock: [4] }],
      [8, { orders: [2] }],
    ])
    expect(markersOf(queue.take(2))).toEqual([
      [7, { orders: [1] }],
      [8, { orders: [3] }],
    ])
    expect(queue.ready()).toEqual([])
  })

  test('what comes up while a request is under way makes up the next', () => {
    const queue = new MarkerQueue()
    queue.add(work(7, { orders: [0] }))
    queue.assign(parity)
    const first = queue.take(1)!
    queue.add(work(8, { orders: [2] }))
    queue.add(work(9, { orders: [4] }))
    queue.assign(parity)
    expect(queue.ready()).toEqual([])
    queue.onResponse(1, answer(first))
    expect(queue.ready()).toEqual([1])
    expect(markersOf(queue.take(1))).toEqual([
      [8, { orders: [2] }],
      [9, { orders: [4] }],
    ])
  })

  test('a request is bounded', () => {
    const queue = new MarkerQueue()
    const many = Array.from({ length: 1_500 }, (_, n) => n)
    const big = work(7, { orders: many })
    queue.add(big)
    queue.assign(() => 1)
    const first = queue.take(1)!
    expect(first.markers[0]!.topics[0]!.partitionIndexes.length).toBe(1_000)
    queue.onResponse(1, answer(first))
    const second = queue.take(1)!
    expect(second.markers[0]!.topics[0]!.partitionIndexes.length).toBe(500)
    expect(queue.takeFinished()).toEqual([])
    queue.onResponse(1, answer(second))
    expect(queue.takeFinished()).toEqual([big])
  })

  test('a transaction is done when its last partition is', () => {
    const queue = new MarkerQueue()
    const seven = work(7, { orders: [0, 1] })
    queue.add(seven)
    queue.assign(parity)
    const [one, two] = [queue.take(1)!, queue.take(2)!]
    queue.onResponse(1, answer(one))
    expect(queue.takeFinished()).toEqual([])
    queue.onResponse(2, answer(two))
    expect(queue.takeFinished()).toEqual([seven])
    expect(queue.takeFinished()).toEqual([])
  })

  test('without partitions it is done at once', () => {
    const queue = new MarkerQueue()
    const nothing = work(7, {})
    queue.add(nothing)
    expect(queue.takeFinished()).toEqual([nothing])
  })
})

describe('what goes wrong', () => {
  test.each([
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.NOT_LEADER_OR_FOLLOWER,
    ErrorCode.NOT_ENOUGH_REPLICAS,
    ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    ErrorCode.REQUEST_TIMED_OUT,
    ErrorCode.KAFKA_STORAGE_ERROR,
    ErrorCode.UNKNOWN_SERVER_ERROR,
  ])('TXN-19 error %i: the marker is written again, wherever the leader is then', (code) => {
    const queue = new MarkerQueue()
    const seven = work(7, { orders: [0, 2] })
    queue.add(seven)
    queue.assign(parity)
    const first = queue.take(1)!
    queue.onResponse(
      1,
      answer(first, (_topic, partition) => (partition === 0 ? code : 0)),
    )
    expect(queue.isResting).toBe(true)
    expect(queue.ready()).toEqual([])
    queue.wake()
    queue.assign(() => 5)
    const second = queue.take(5)!
    expect(markersOf(second)).toEqual([[7, { orders: [0] }]])
    queue.onResponse(5, answer(second))
    expect(queue.takeFinished()).toEqual([seven])
  })

  test('TXN-19 a partition without a leader is looked at again, one that is gone is skipped', () => {
    const queue = new MarkerQueue()
    const seven = work(7, { orders: [0], removed: [0] })
    queue.add(seven)
    queue.assign((topic) => (topic === 'removed' ? undefined : null))
    expect([queue.ready(), queue.isResting]).toEqual([[], true])
    queue.wake()
    queue.assign(() => undefined)
    expect([queue.takeFinished(), queue.isResting]).toEqual([[seven], false])
  })

  test('TXN-19 a request that did not get there, or a partition left unanswered, goes again', () => {
    const queue = new MarkerQueue()
    queue.add(work(7, { orders: [0] }))
    queue.assign(parity)
    queue.take(1)
    queue.onFailure(1)
    queue.wake()
    queue.assign(parity)
    expect(markersOf(queue.take(1))).toEqual([[7, { orders: [0] }]])
    queue.onResponse(1, createWriteTxnMarkersResponse())
    queue.wake()
    queue.assign(parity)
    expect(markersOf(queue.take(1))).toEqual([[7, { orders: [0] }]])
  })

  test.each([ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT, ErrorCode.UNSUPPORTED_VERSION])(
    'error %i: a log that knows no transactions needs no marker',
    (code) => {
      const queue = new MarkerQueue()
      const seven = work(7, { orders: [0] })
      queue.add(seven)
      queue.assign(parity)
      queue.onResponse(
        1,
        answer(queue.take(1)!, () => code),
      )
      expect(queue.takeFinished()).toEqual([seven])
    },
  )

  test.each([ErrorCode.TRANSACTION_COORDINATOR_FENCED, ErrorCode.INVALID_PRODUCER_EPOCH])(
    'TXN-18 error %i: somebody newer decides, the rest is given up',
    (code) => {
      const queue = new MarkerQueue()
      const seven = work(7, { orders: [0, 1, 2] })
      queue.add(seven)
      queue.assign(parity)
      const [one, two] = [queue.take(1)!, queue.take(2)!]
      queue.onResponse(
        1,
        answer(one, (_topic, partition) => (partition === 0 ? code : 0)),
      )
      expect(seven.abandoned).toBe(true)
      queue.onResponse(2, answer(two))
      expect(queue.takeFinished()).toEqual([])
    },
  )

  test('what was abandoned is neither sent nor finished', () => {
    const queue = new MarkerQueue()
    const [seven, eight] = [work(7, { orders: [0] }), work(8, { orders: [0, 1] })]
    queue.add(seven)
    queue.add(eight)
    queue.assign(parity)
    eight.abandoned = true
    expect(markersOf(queue.take(1))).toEqual([[7, { orders: [0] }]])
    expect(queue.take(2)).toBeNull()
    expect(queue.ready()).toEqual([])
  })
})
