import type { Awaitable } from '@barnabas/base'
import { seededEntropy } from '@barnabas/base'
import {
  createFetchRequestFetchPartition,
  createFetchRequestFetchTopic,
  createFetchResponsePartitionData,
  ErrorCode,
  FetchRequest,
  FetchResponse,
  type FetchResponsePartitionData,
  joinRecords,
} from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { FetchSessionCache } from '../../src/fetch/fetch-session-cache.ts'
import type { FetchTarget } from '../../src/fetch/fetch-target.ts'
import type {
  PartitionReading,
  ReadablePartition,
  ReadIsolation,
  ReadOptions,
} from '../../src/fetch/readable-partition.ts'
import { fetch } from '../../src/handlers/01-fetch.ts'
import { Purgatory } from '../../src/purgatory.ts'
import { allowAll, type Authorizer } from '../../src/security/authorizer.ts'
import { ManualTimers } from '../support/manual-timers.ts'
import { denying, TestCluster, testTopicId } from '../support/test-cluster.ts'
import { decodeResponse, TestExchange } from '../support/test-exchange.ts'

/** Batches of one record each; the n-th has the size `sizes[n]`. */
class FakePartition implements ReadablePartition {
  readonly sizes: number[]
  highWatermark: number
  lastStableOffset: number
  failure = 0
  isGone = false
  later = false
  held = 0
  readonly asked: ReadOptions[] = []
  fields: Partial<FetchResponsePartitionData> = {}

  constructor(...sizes: number[]) {
    this.sizes = sizes
    this.highWatermark = sizes.length
    this.lastStableOffset = sizes.length
  }

  append(size: number): void {
    this.sizes.push(size)
    this.highWatermark = this.sizes.length
  }

  read(target: FetchTarget, options: ReadOptions): Awaitable<PartitionReading> {
    this.asked.push(options)
    const reading = this.readNow(target, options)
    return this.later ? Promise.resolve(reading) : reading
  }

  bytesBehind(offset: number, isolation: ReadIsolation): number {
    if (this.isGone) return Number.POSITIVE_INFINITY
    return this.sizes.slice(offset, this.end(isolation)).reduce((sum, size) => sum + size, 0)
  }

  private end(isolation: ReadIsolation): number {
    if (isolation === 'log-end') return this.sizes.length
    return isolation === 'committed' ? this.lastStableOffset : this.highWatermark
  }

  private readNow(target: FetchTarget, options: ReadOptions): PartitionReading {
    const { maxBytes, minOneBatch, isolation } = options
    let bytes = 0
    let offset = target.fetchOffset
    for (; offset < this.end(isolation); offset++) {
      const size = this.sizes[offset]!
      if (bytes + size > maxBytes && !(minOneBatch && bytes === 0)) break
      bytes += size
    }
    this.held++
    const errorCode = this.isGone ? ErrorCode.NOT_LEADER_OR_FOLLOWER : this.failure
    return {
      data: createFetchResponsePartitionData({
        partitionIndex: target.partition,
        errorCode,
        highWatermark: this.highWatermark,
        logStartOffset: 0,
        records: Buffer.alloc(bytes, 'x'),
        ...this.fields,
      }),
      sizeBytes: bytes,
      endOffset: offset,
      release: () => this.held--,
    }
  }
}

function setUp(partitions: Record<string, FakePartition[]>, authorizer: Authorizer = allowAll) {
  const cluster = new TestCluster().addBroker(1).addBroker(2)
  const byId = new Map<string, FakePartition[]>()
  for (const [topic, list] of Object.entries(partitions)) {
    cluster.addTopic(topic, ...list.map(() => ({ replicas: [2, 1], leaderEpoch: 5 })))
    byId.set(testTopicId(topic), list)
  }
  const timers = new ManualTimers()
  const purgatory = new Purgatory<ReadablePartition>(timers)
  const exchange = new TestExchange([
    fetch({
      clock: { nowMs: () => timers.nowMs, monotonicMs: () => timers.nowMs },
      cluster,
      authorizer,
      sessions: new FetchSessionCache(seededEntropy(1)),
      purgatory,
      findPartition: (topicId, partition) => {
        const list = byId.get(topicId)
        if (list === undefined) return ErrorCode.UNKNOWN_TOPIC_ID
        return list[partition] ?? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
      },
      maxBytes: () => 10_000,
    }),
  ])
  return { exchange, purgatory, timers, cluster }
}

type Asked = [topic: string, partition: number, fetchOffset: number, maxBytes?: number]

function asking(asked: Asked[], fields: Partial<FetchRequest> = {}): Partial<FetchRequest> {
  return {
    maxWaitMs: 0,
    minBytes: 1,
    maxBytes: 100_000,
    sessionEpoch: -1,
    topics: asked.map(([topic, partition, fetchOffset, partitionMaxBytes = 1000]) =>
      createFetchRequestFetchTopic({
        topic,
        topicId: testTopicId(topic),
        partitions: [
          createFetchRequestFetchPartition({ partition, fetchOffset, partitionMaxBytes }),
        ],
      }),
    ),
    ...fields,
  }
}

/** Sends and gives back the answer, of which the bytes may come later. */
function start(exchange: TestExchange, fields: Partial<FetchRequest>, version = 13) {
  const answer = exchange.process(exchange.encode(FetchRequest, version, fields))
  return {
    answer,
    response: () => decodeResponse(answer.bytes!, FetchResponse, version),
    isAnswered: () => answer.bytes !== null,
  }
}

const sizes = (response: FetchResponse) =>
  response.responses.flatMap(({ partitions }) =>
    partitions.map(({ records }) => joinRecords(records!).length),
  )
const codes = (response: FetchResponse) =>
  response.responses.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))

test('FET-01 a fetch that finds enough, or does not wait, is answered at once', () => {
  const { exchange } = setUp({ a: [new FakePartition(10, 20)] })
  const enough = start(exchange, asking([['a', 0, 0]], { maxWaitMs: 500, minBytes: 30 }))
  expect(sizes(enough.response())).toEqual([30])
  const impatient = start(exchange, asking([['a', 0, 2]], { maxWaitMs: 0, minBytes: 100 }))
  expect(sizes(impatient.response())).toEqual([0])
  const nothing = start(exchange, asking([], { maxWaitMs: 500, minBytes: 100 }))
  expect(nothing.isAnswered()).toBe(true)
})

test('FET-01 an error, a diverging epoch or a preferred replica is answered at once', () => {
  const divergingEpoch = { epoch: 1, endOffset: 3, unknownTaggedFields: null }
  for (const fields of [
    { errorCode: ErrorCode.OFFSET_OUT_OF_RANGE },
    { divergingEpoch },
    { preferredReadReplica: 2 },
  ]) {
    const partition = new FakePartition()
    partition.fields = fields
    const { exchange } = setUp({ a: [partition, new FakePartition()] })
    const asked = asking(
      [
        ['a', 0, 0],
        ['a', 1, 0],
      ],
      { maxWaitMs: 500 },
    )
    expect(start(exchange, asked).isAnswered()).toBe(true)
  }
})

test('FET-02 a fetch waits until enough bytes are there, and reads anew', async () => {
  const partition = new FakePartition(10)
  const { exchange, purgatory } = setUp({ a: [partition] })
  const waiting = start(exchange, asking([['a', 0, 0]], { maxWaitMs: 500, minBytes: 30 }))
  expect(waiting.isAnswered()).toBe(false)
  expect(partition.held).toBe(0)
  partition.append(19)
  purgatory.check(partition)
  expect(purgatory.stats.parked).toBe(1)
  partition.append(5)
  purgatory.check(partition)
  await Promise.resolve()
  expect(sizes(waiting.response())).toEqual([34])
  expect(partition.held).toBe(0)
})

test('FET-02 a fetch ends to wait when its partition is gone from here', async () => {
  const partition = new FakePartition()
  const { exchange, purgatory } = setUp({ a: [partition] })
  const waiting = start(exchange, asking([['a', 0, 0]], { maxWaitMs: 500 }), 16)
  partition.isGone = true
  purgatory.check(partition)
  await Promise.resolve()
  expect(codes(waiting.response())).toEqual([ErrorCode.NOT_LEADER_OR_FOLLOWER])
})

test('FET-02 when its time is up a fetch is answered with what there is', async () => {
  const partition = new FakePartition(10)
  const { exchange, timers } = setUp({ a: [partition] })
  const waiting = start(exchange, asking([['a', 0, 0]], { maxWaitMs: 500, minBytes: 30 }))
  timers.advance(499)
  expect(waiting.isAnswered()).toBe(false)
  timers.advance(1)
  await Promise.resolve()
  expect(sizes(waiting.response())).toEqual([10])
})

test('FET-03 bytes of one partition count up to its own limit', async () => {
  const partition = new FakePartition(10)
  const other = new FakePartition()
  const { exchange, purgatory } = setUp({ a: [partition, other] })
  const asked = asking(
    [
      ['a', 0, 0, 15],
      ['a', 1, 0, 15],
    ],
    { maxWaitMs: 500, minBytes: 20 },
  )
  const waiting = start(exchange, asked)
  partition.append(100)
  purgatory.check(partition)
  await Promise.resolve()
  expect(waiting.isAnswered()).toBe(false)
  other.append(5)
  purgatory.check(other)
  await Promise.resolve()
  expect(waiting.isAnswered()).toBe(true)
})

test('FET-03 a reader of committed records waits for the last stable offset', async () => {
  const partition = new FakePartition()
  const { exchange, purgatory } = setUp({ a: [partition] })
  const waiting = start(exchange, asking([['a', 0, 0]], { maxWaitMs: 500, isolationLevel: 1 }))
  partition.append(10)
  purgatory.check(partition)
  expect(purgatory.stats.parked).toBe(1)
  partition.lastStableOffset = 1
  purgatory.check(partition)
  await Promise.resolve()
  expect(sizes(waiting.response())).toEqual([10])
})

test('FET-04 the limit of the broker holds for the bytes, and for how many are waited for', () => {
  const partition = new FakePartition(6000, 5000, 4000)
  const { exchange } = setUp({ a: [partition] })
  const asked = asking([['a', 0, 0, 100_000]], { maxWaitMs: 500, minBytes: 50_000 })
  const waiting = start(exchange, asked)
  expect(waiting.isAnswered()).toBe(false)
  partition.sizes.unshift(4000)
  const other = start(exchange, asking([['a', 0, 0, 100_000]], { minBytes: 50_000 }))
  expect(sizes(other.response())).toEqual([10_000])
})

test('FET-05 the first partition with records returns one batch at least, the others what is left', () => {
  const { exchange } = setUp({
    a: [
      new FakePartition(),
      new FakePartition(700, 10),
      new FakePartition(200),
      new FakePartition(9),
    ],
  })
  const all: Asked[] = [0, 1, 2, 3].map((partition) => ['a', partition, 0])
  const tight = start(exchange, asking(all, { maxBytes: 50 }))
  expect(sizes(tight.response())).toEqual([0, 700, 0, 0])
  const wide = start(exchange, asking(all, { maxBytes: 800 }))
  expect(sizes(wide.response())).toEqual([0, 710, 0, 9])
})

test('FET-18 a topic id, a topic, a partition that is not there', async () => {
  const { exchange } = setUp({ a: [new FakePartition(10)] })
  const asked: Asked[] = [
    ['missing', 0, 0],
    ['a', 7, 0],
    ['a', 0, 0],
  ]
  expect(codes(start(exchange, asking(asked)).response())).toEqual([
    ErrorCode.UNKNOWN_TOPIC_ID,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.NONE,
  ])
  expect(codes(start(exchange, asking(asked), 12).response())).toEqual([
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.NONE,
  ])
})

test('topics that may not be read are refused; what may be is waited for nonetheless', () => {
  const secret = new FakePartition(10)
  const { exchange } = setUp({ a: [new FakePartition()], secret: [secret] }, denying('3 2 secret'))
  const asked = asking(
    [
      ['secret', 0, 0],
      ['a', 0, 0],
    ],
    { maxWaitMs: 500 },
  )
  expect(start(exchange, asked).isAnswered()).toBe(false)
  const impatient = start(exchange, { ...asked, maxWaitMs: 0 })
  expect(codes(impatient.response())).toEqual([ErrorCode.TOPIC_AUTHORIZATION_FAILED, 0])
  expect(secret.asked).toEqual([])
})

test('FET-17 a client that came to the wrong broker is told where the leader is', () => {
  const partition = new FakePartition()
  partition.failure = ErrorCode.NOT_LEADER_OR_FOLLOWER
  const { exchange } = setUp({ a: [partition] })
  const response = start(exchange, asking([['a', 0, 0]]), 16).response()
  expect(response.responses[0]!.partitions[0]!.currentLeader).toMatchObject({
    leaderId: 2,
    leaderEpoch: 5,
  })
  expect(response.nodeEndpoints).toMatchObject([{ nodeId: 2, host: 'broker-2', port: 9092 }])
  const old = start(exchange, asking([['a', 0, 0]]), 15).response()
  expect(old.nodeEndpoints).toEqual([])
})

test('FET-21 a follower reads to the end of the log, and needs the right to', () => {
  const partition = new FakePartition(10, 20)
  partition.highWatermark = 0
  const follower = asking([['a', 0, 0]], {
    replicaState: { replicaId: 2, replicaEpoch: 1, unknownTaggedFields: null },
  })
  const { exchange } = setUp({ a: [partition] })
  expect(sizes(start(exchange, follower, 15).response())).toEqual([30])
  expect(partition.asked[0]!.isolation).toBe('log-end')
  const refused = setUp({ a: [partition] }, denying('9 4 kafka-cluster'))
  expect(codes(start(refused.exchange, follower, 15).response())).toEqual([
    ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  ])
})

test('FSE-08 in a session only news is answered, in any version of the request', () => {
  for (const version of [7, 12, 13, 18]) {
    const partition = new FakePartition(10)
    const { exchange } = setUp({ a: [partition, new FakePartition()] })
    const opening = asking(
      [
        ['a', 0, 0],
        ['a', 1, 0],
      ],
      { sessionEpoch: 0 },
    )
    const opened = start(exchange, opening, version).response()
    expect(sizes(opened)).toEqual([10, 0])
    const { sessionId } = opened
    const next = asking([['a', 0, 1]], { sessionId, sessionEpoch: 1 })
    expect(start(exchange, next, version).response().responses).toEqual([])
    partition.append(5)
    const last = start(exchange, asking([], { sessionId, sessionEpoch: 2 }), version).response()
    expect(sizes(last)).toEqual([5])
    expect(last.sessionId).toBe(sessionId)
  }
})

test('FSE-05 an unknown session fails the whole response', () => {
  const { exchange } = setUp({ a: [new FakePartition(10)] })
  const response = start(exchange, asking([], { sessionId: 9, sessionEpoch: 3 })).response()
  expect(response).toMatchObject({
    errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
    responses: [],
  })
})

test('partitions that read asynchronously share the limits in their order', async () => {
  const partitions = [new FakePartition(10), new FakePartition(700), new FakePartition(5)]
  for (const partition of partitions) partition.later = true
  const { exchange } = setUp({ a: partitions })
  const all: Asked[] = [0, 1, 2].map((partition) => ['a', partition, 0])
  const response = await exchange.send(
    FetchRequest,
    FetchResponse,
    13,
    asking(all, { maxBytes: 100 }),
  )
  expect(sizes(response)).toEqual([10, 0, 5])
  expect(partitions.map(({ held }) => held)).toEqual([0, 0, 0])
})

test('a partition that throws fails the fetch, and what was read before is given back', async () => {
  const first = new FakePartition(10)
  const second = new FakePartition()
  const { exchange } = setUp({ a: [first, second] })
  const all: Asked[] = [0, 1].map((partition) => ['a', partition, 0])
  for (const later of [false, true]) {
    first.later = later
    second.read = () => {
      if (later) return Promise.reject(new Error('defect'))
      throw new Error('defect')
    }
    const response = await exchange.send(FetchRequest, FetchResponse, 13, asking(all))
    expect(response.errorCode).toBe(ErrorCode.UNKNOWN_SERVER_ERROR)
    expect(first.held).toBe(0)
  }
})
