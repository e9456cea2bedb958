import { seededEntropy } from '@barnabas/base'
import {
  createFetchRequestFetchPartition,
  createFetchRequestFetchTopic,
  createFetchRequestForgottenTopic,
  createFetchResponsePartitionData,
  createFetchResponseEpochEndOffset,
  ErrorCode,
  FetchRequest,
  type FetchRequestFetchPartition,
  type FetchResponsePartitionData,
} from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'
import {
  type FetchConclusion,
  type FetchContext,
  type FetchOutcome,
  openFetch,
} from '../src/fetch/fetch-context.ts'
import { FetchSessionCache } from '../src/fetch/fetch-session-cache.ts'
import { nextSessionEpoch } from '../src/fetch/fetch-session.ts'

const IDS: Record<string, string> = {
  orders: 'b3JkZXJzAAAAAAAAAAAAAA',
  bills: 'YmlsbHMAAAAAAAAAAAAAAA',
}
const BY_NAME = 12
const BY_ID = 13

type Ask = [topic: string, partition: number, fields?: Partial<FetchRequestFetchPartition>]

function request(
  sessionId: number,
  sessionEpoch: number,
  asks: Ask[] = [],
  forget: [string, number][] = [],
): FetchRequest {
  return FetchRequest.create({
    sessionId,
    sessionEpoch,
    topics: asks.map(([topic, partition, fields]) =>
      createFetchRequestFetchTopic({
        topic,
        topicId: IDS[topic]!,
        partitions: [
          createFetchRequestFetchPartition({ partition, partitionMaxBytes: 1000, ...fields }),
        ],
      }),
    ),
    forgottenTopicsData: forget.map(([topic, partition]) =>
      createFetchRequestForgottenTopic({ topic, topicId: IDS[topic]!, partitions: [partition] }),
    ),
  })
}

class Client {
  readonly cache: FetchSessionCache
  readonly known = new Map(Object.entries(IDS).map(([name, id]) => [id, name]))
  nowMs = 0
  version = BY_ID
  fromFollower = false

  constructor(cache = new FetchSessionCache(seededEntropy(1))) {
    this.cache = cache
  }

  open(asked: FetchRequest): FetchContext {
    return openFetch(this.cache, {
      request: asked,
      version: this.version,
      fromFollower: this.fromFollower,
      nowMs: this.nowMs,
      topicName: (id) => this.known.get(id) ?? null,
    })
  }

  /** A whole exchange. `data` gives what was read by `topic-partition`; nothing new by default. */
  fetch(
    asked: FetchRequest,
    data: Record<string, Partial<FetchResponsePartitionData>> = {},
  ): FetchConclusion {
    const context = this.open(asked)
    return context.conclude(answers(context, data), this.nowMs)
  }
}

const nameOf = (outcome: FetchOutcome) => `${outcome.target.topic}-${outcome.target.partition}`
const names = (conclusion: FetchConclusion) => conclusion.outcomes.map(nameOf)
const targetNames = (context: FetchContext) =>
  context.targets.map((target) => `${target.topic}-${target.partition}`)

function answers(
  context: FetchContext,
  data: Record<string, Partial<FetchResponsePartitionData>>,
): FetchOutcome[] {
  return context.targets.map((target) => ({
    target,
    data: createFetchResponsePartitionData({
      partitionIndex: target.partition,
      highWatermark: 10,
      logStartOffset: 0,
      ...data[`${target.topic}-${target.partition}`],
    }),
  }))
}

const RECORDS = { records: Buffer.from('batch') }
const TWO: Ask[] = [
  ['orders', 0],
  ['orders', 1],
]

describe('a full fetch', () => {
  test('FSE-01 without a session answers for all partitions and remembers nothing', () => {
    const client = new Client()
    for (let n = 0; n < 2; n++) {
      const conclusion = client.fetch(request(0, -1, TWO))
      expect(conclusion).toMatchObject({ errorCode: 0, sessionId: 0 })
      expect(names(conclusion)).toEqual(['orders-0', 'orders-1'])
    }
    expect(client.cache.size).toBe(0)
  })

  test('FSE-02 opens a session and answers for all partitions', () => {
    const client = new Client()
    const conclusion = client.fetch(request(0, 0, TWO))
    expect(conclusion.sessionId).toBeGreaterThan(0)
    expect(names(conclusion)).toEqual(['orders-0', 'orders-1'])
    expect(client.cache).toMatchObject({ size: 1, partitions: 2 })
  })

  test('FSE-02 answers with session id 0 when there is no room', () => {
    const client = new Client(new FetchSessionCache(seededEntropy(1), 1))
    client.fetch(request(0, 0, TWO))
    const conclusion = client.fetch(request(0, 0, TWO))
    expect(conclusion).toMatchObject({ errorCode: 0, sessionId: 0 })
    expect(names(conclusion)).toEqual(['orders-0', 'orders-1'])
  })

  test('FSE-03 with an id closes that session and opens another', () => {
    const client = new Client()
    const { sessionId } = client.fetch(request(0, 0, TWO))
    const next = client.fetch(request(sessionId, 0, TWO))
    expect(next.sessionId).not.toBe(sessionId)
    expect(client.cache.size).toBe(1)
    expect(client.cache.get(sessionId)).toBeNull()
  })

  test('FSE-04 with an id and the final epoch closes that session and answers without one', () => {
    const client = new Client()
    const { sessionId } = client.fetch(request(0, 0, TWO))
    const last = client.fetch(request(sessionId, -1, TWO))
    expect(last).toMatchObject({ errorCode: 0, sessionId: 0 })
    expect(names(last)).toEqual(['orders-0', 'orders-1'])
    expect(client.cache.size).toBe(0)
  })

  test('FET-26 answers once for a partition that is mentioned twice, as asked the last time', () => {
    const context = new Client().open(
      request(0, -1, [
        ['orders', 0, { fetchOffset: 1 }],
        ['orders', 1],
        ['orders', 0, { fetchOffset: 7 }],
      ]),
    )
    expect(targetNames(context)).toEqual(['orders-0', 'orders-1'])
    expect(context.targets[0]!.fetchOffset).toBe(7)
  })
})

describe('an incremental fetch', () => {
  test('FSE-05 of an unknown session fails as a whole', () => {
    const client = new Client()
    const context = client.open(request(77, 1))
    expect(context.errorCode).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
    expect(context.conclude([], 0)).toEqual({
      errorCode: ErrorCode.FETCH_SESSION_ID_NOT_FOUND,
      sessionId: 0,
      outcomes: [],
    })
    expect(context.throttle().errorCode).toBe(ErrorCode.FETCH_SESSION_ID_NOT_FOUND)
  })

  test('FSE-05 with another epoch than the next fails, and the session goes on', () => {
    const client = new Client()
    const { sessionId } = client.fetch(request(0, 0, TWO))
    for (const epoch of [2, 7]) {
      expect(client.fetch(request(sessionId, epoch)).errorCode).toBe(
        ErrorCode.INVALID_FETCH_SESSION_EPOCH,
      )
    }
    expect(client.fetch(request(sessionId, 1))).toMatchObject({ errorCode: 0, sessionId })
    expect(client.fetch(request(sessionId, 1)).errorCode).toBe(
      ErrorCode.INVALID_FETCH_SESSION_EPOCH,
    )
    expect(client.fetch(request(sessionId, 2)).errorCode).toBe(0)
  })

  test('FSE-05 that was overtaken by another one of its session fails', () => {
    const client = new Client()
    const { sessionId } = client.fetch(request(0, 0, TWO))
    const slow = client.open(request(sessionId, 1))
    client.fetch(request(sessionId, 2))
    const conclusion = slow.conclude(answers(slow, { 'orders-0': RECORDS }), 0)
    expect(conclusion).toEqual({
      errorCode: ErrorCode.INVALID_FETCH_SESSION_EPOCH,
      sessionId,
      outcomes: [],
    })
  })

  test('FSE-06 the epoch after the highest is one', () => {
    expect(nextSessionEpoch(0)).toBe(1)
    expect(nextSessionEpoch(1)).toBe(2)
    expect(nextSessionEpoch(0x7fffffff)).toBe(1)
    const client = new Client()
    const { sessionId } = client.fetch(request(0, 0, TWO))
    client.cache.get(sessionId)!.epoch = 0x7fffffff
    expect(client.fetch(request(sessionId, 0x7fffffff)).errorCode).toBe(0)
    expect(client.fetch(request(sessionId, 1)).errorCode).toBe(0)
  })

  test('FSE-07 may not change between names and ids', () => {
    for (const [opened, then] of [
      [BY_NAME, BY_ID],
      [BY_ID, BY_NAME],
    ] as const) {
      const client = new Client()
      client.version = opened
      const { sessionId } = client.fetch(request(0, 0, TWO))
      client.version = then
      expect(client.fetch(request(sessionId, 1)).errorCode).toBe(
        ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR,
      )
    }
  })

  test('FSE-08 answers only for partitions with news', () => {
    const client = new Client()
    const { sessionId } = client.fetch(request(0, 0, TWO))
    let epoch = 1
    const fetch = (data: Partial<FetchResponsePartitionData>) =>
      names(client.fetch(request(sessionId, epoch++), { 'orders-1': data }))
    expect(fetch({})).toEqual([])
    expect(fetch(RECORDS)).toEqual(['orders-1'])
    expect(fetch({ highWatermark: 11 })).toEqual(['orders-1'])
    expect(fetch({ highWatermark: 11 })).toEqual([])
    expect(fetch({ highWatermark: 11, logStartOffset: 3 })).toEqual(['orders-1'])
    expect(fetch({ highWatermark: 11, logStartOffset: 3 })).toEqual([])
    const settled = { highWatermark: 11, logStartOffset: 3 }
    expect(fetch({ ...settled, preferredReadReplica: 2 })).toEqual(['orders-1'])
    const divergingEpoch = createFetchResponseEpochEndOffset({ epoch: 1, endOffset: 5 })
    expect(fetch({ ...settled, divergingEpoch })).toEqual(['orders-1'])
    expect(fetch(settled)).toEqual([])
  })

  test('FSE-08 answers for a partition again when its error has gone', () => {
    const client = new Client()
    const { sessionId } = client.fetch(request(0, 0, TWO))
    const failure = {
      errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
      highWatermark: 10,
      logStartOffset: 0,
    }
    for (const epoch of [1, 2]) {
      const failed = client.fetch(request(sessionId, epoch), { 'orders-0': failure })
      expect(names(failed)).toEqual(['orders-0'])
    }
    expect(names(client.fetch(request(sessionId, 3)))).toEqual(['orders-0'])
    expect(names(client.fetch(request(sessionId, 4)))).toEqual([])
  })

  test('FET-06 serves partitions that got records after the others', () => {
    const client = new Client()
    const asks: Ask[] = [...TWO, ['bills', 0]]
    const { sessionId } = client.fetch(request(0, 0, asks))
    client.fetch(request(sessionId, 1), { 'orders-0': RECORDS, 'orders-1': { highWatermark: 11 } })
    const context = client.open(request(sessionId, 2))
    expect(targetNames(context)).toEqual(['orders-1', 'bills-0', 'orders-0'])
  })

  test('takes over changed questions and new partitions', () => {
    const client = new Client()
    const { sessionId } = client.fetch(request(0, 0, TWO))
    const changed = { fetchOffset: 8, partitionMaxBytes: 9, currentLeaderEpoch: 3 }
    const context = client.open(
      request(sessionId, 1, [
        ['orders', 1, changed],
        ['bills', 4],
      ]),
    )
    expect(targetNames(context)).toEqual(['orders-0', 'orders-1', 'bills-4'])
    expect(context.targets[1]).toMatchObject({
      fetchOffset: 8,
      maxBytes: 9,
      currentLeaderEpoch: 3,
    })
    expect(names(context.conclude(answers(context, {}), 0))).toEqual(['bills-4'])
  })

  test('FSE-09 leaves out forgotten partitions, and closes a session without any', () => {
    const client = new Client()
    const { sessionId } = client.fetch(request(0, 0, TWO))
    const context = client.open(request(sessionId, 1, [], [['orders', 0]]))
    expect(targetNames(context)).toEqual(['orders-1'])
    context.conclude(answers(context, {}), 0)
    const empty = client.fetch(request(sessionId, 2, [], [['orders', 1]]))
    expect(empty).toEqual({ errorCode: 0, sessionId: 0, outcomes: [] })
    expect(client.cache.size).toBe(0)
  })

  test('FSE-11 finds the name of a topic that was unknown when the session was opened', () => {
    const client = new Client()
    client.known.delete(IDS['bills']!)
    const opening = client.open(request(0, 0, [['bills', 0]]))
    expect(opening.targets[0]!.topic).toBeNull()
    const failed = { errorCode: ErrorCode.UNKNOWN_TOPIC_ID }
    const { sessionId } = opening.conclude(answers(opening, { 'null-0': failed }), 0)
    client.known.set(IDS['bills']!, 'bills')
    const conclusion = client.fetch(request(sessionId, 1))
    expect(names(conclusion)).toEqual(['bills-0'])
    expect(conclusion.outcomes[0]!.data.errorCode).toBe(0)
  })

  test('FET-23 of a throttled client gets nothing, and its epoch advances', () => {
    const client = new Client()
    const { sessionId } = client.fetch(request(0, 0, TWO))
    const throttled = client.open(request(sessionId, 1)).throttle()
    expect(throttled).toEqual({ errorCode: 0, sessionId, outcomes: [] })
    expect(client.fetch(request(sessionId, 2)).errorCode).toBe(0)
    expect(client.open(request(0, 0, TWO)).throttle().sessionId).toBe(0)
  })
})

describe('FSE-10 when all slots are taken', () => {
  const many = (count: number): Ask[] => Array.from({ length: count }, (_, n) => ['orders', n])

  function full(slots: number) {
    const client = new Client(new FetchSessionCache(seededEntropy(1), slots))
    const open = (count: number, fromFollower = false) => {
      client.fromFollower = fromFollower
      return client.fetch(request(0, 0, many(count))).sessionId
    }
    return { client, open }
  }

  test('a session idle for more than two minutes goes first', () => {
    const { client, open } = full(2)
    const [idle, used] = [open(5), open(1)]
    client.nowMs = 120_000
    client.fetch(request(used, 1))
    expect(open(1)).toBe(0)
    client.nowMs = 120_001
    expect(open(1)).toBeGreaterThan(0)
    expect(client.cache.get(idle)).toBeNull()
    expect(client.cache.get(used)).not.toBeNull()
    expect(client.cache.evictions).toBe(1)
  })

  test('a young consumer session gives way to a follower, not to a consumer', () => {
    const { client, open } = full(2)
    const [small, large] = [open(1), open(5)]
    expect(open(9)).toBe(0)
    expect(open(1, true)).toBeGreaterThan(0)
    expect(client.cache.get(small)).toBeNull()
    expect(client.cache.get(large)).not.toBeNull()
  })

  test('a young follower session is safe from all', () => {
    const { open } = full(1)
    open(1, true)
    expect(open(9, true)).toBe(0)
    expect(open(9)).toBe(0)
  })

  test('of sessions in use, an older one gives way to a bigger one only', () => {
    const { client, open } = full(2)
    const ids = [open(3), open(5)]
    const useAll = (epoch: number) => ids.map((id) => client.fetch(request(id, epoch)))
    client.nowMs = 100_000
    useAll(1)
    client.nowMs = 150_000
    useAll(2)
    expect(open(3)).toBe(0)
    expect(open(4)).toBeGreaterThan(0)
    expect(ids.map((id) => client.cache.get(id) !== null)).toEqual([false, true])
  })

  test('an older follower session is safe from consumers of any size', () => {
    const { client, open } = full(1)
    const follower = open(1, true)
    client.nowMs = 100_000
    client.fetch(request(follower, 1))
    client.nowMs = 150_000
    expect(open(100)).toBe(0)
    expect(open(2, true)).toBeGreaterThan(0)
  })
})
