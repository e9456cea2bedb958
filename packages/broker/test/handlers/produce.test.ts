import { createTestWorld } from '@barnabas/base/testing'
import type { LogConfig } from '@barnabas/log'
import {
  BatchBuilder,
  BatchView,
  createFetchRequestFetchPartition,
  createFetchRequestFetchTopic,
  createProduceRequestPartitionProduceData,
  createProduceRequestTopicProduceData,
  ErrorCode,
  FetchRequest,
  FetchResponse,
  joinRecords,
  ProduceRequest,
  ProduceResponse,
} from '@barnabas/protocol'
import { expect, test, vi } from 'vitest'
import { FetchSessionCache } from '../../src/fetch/fetch-session-cache.ts'
import { produce } from '../../src/handlers/00-produce.ts'
import { fetch } from '../../src/handlers/01-fetch.ts'
import type { TransactionQuestion } from '../../src/produce/transaction-gate.ts'
import { allowAll, type Authorizer } from '../../src/security/authorizer.ts'
import { ManualTimers } from '../support/manual-timers.ts'
import { denying, TestCluster, testTopicId } from '../support/test-cluster.ts'
import { decodeResponse, TestExchange } from '../support/test-exchange.ts'
import { batchOf, TestPartitions } from '../support/test-partitions.ts'

interface Options {
  authorizer?: Authorizer
  replicas?: number[]
  isr?: number[]
  config?: Partial<LogConfig>
  verify?: (question: TransactionQuestion) => number
}

function setUp(options: Options = {}) {
  const { replicas = [1], isr = replicas, authorizer = allowAll } = options
  const cluster = new TestCluster().addBroker(1).addBroker(2)
  const image = { replicas, isr, leaderEpoch: 3 }
  cluster
    .addTopic('a', image, image)
    .addTopic('__consumer_offsets')
    .addTopic('elsewhere', {
      replicas: [2],
      leaderEpoch: 9,
    })
  const timers = new ManualTimers()
  const world = createTestWorld()
  const partitions = new TestPartitions(world, cluster, timers)
  const opened = partitions.open('a', options.config)
  partitions.open('__consumer_offsets')
  const questions: TransactionQuestion[] = []
  const exchange = new TestExchange([
    produce({
      cluster,
      authorizer,
      purgatory: partitions.producing,
      transactions: {
        isEnabled: () => true,
        verify: async (question) => {
          questions.push(question)
          return question.partitions.map(() => options.verify?.(question) ?? 0)
        },
      },
      partitions,
    }),
    fetch({
      clock: world.clock,
      cluster,
      authorizer,
      sessions: new FetchSessionCache(world.entropy),
      purgatory: partitions.fetching,
      findPartition: (topicId, partition) => partitions.find(topicId, partition),
      maxBytes: () => 1 << 20,
    }),
  ])
  const send = (version: number, request: Partial<ProduceRequest>) =>
    exchange.send(ProduceRequest, ProduceResponse, version, request)
  return { cluster, exchange, send, timers, partitions, opened, questions, world }
}

type Data = [topic: string, partition: number, records: Buffer | null]

function producing(data: Data[], fields: Partial<ProduceRequest> = {}): Partial<ProduceRequest> {
  return {
    acks: 1,
    timeoutMs: 1000,
    topicData: data.map(([name, index, records]) =>
      createProduceRequestTopicProduceData({
        name,
        topicId: testTopicId(name),
        partitionData: [createProduceRequestPartitionProduceData({ index, records })],
      }),
    ),
    ...fields,
  }
}

const results = ({ responses }: ProduceResponse) =>
  responses.flatMap(({ partitionResponses }) => partitionResponses)
const codes = (response: ProduceResponse) => results(response).map(({ errorCode }) => errorCode)

test('PRD-01 other acks than -1, 0 and 1 fail every partition, and nothing is appended', async () => {
  const { send, opened } = setUp()
  for (const acks of [2, -2]) {
    const response = await send(9, producing([['a', 0, batchOf(['x'])]], { acks }))
    expect(results(response)).toMatchObject([
      { errorCode: ErrorCode.INVALID_REQUIRED_ACKS, baseOffset: -1 },
    ])
  }
  expect(opened[0]!.log.logEndOffset).toBe(0)
})

test('PRD-02 acks=0 gets no response, and the records are there', () => {
  const { exchange, opened } = setUp()
  const request = producing([['a', 0, batchOf(['x', 'y'])]], { acks: 0 })
  const answer = exchange.process(exchange.encode(ProduceRequest, 9, request))
  expect(answer.events).toEqual(['complete'])
  expect(opened[0]!.log.logEndOffset).toBe(2)
})

test('PRD-03 acks=0 with an error of any partition closes the connection', () => {
  const { exchange, opened } = setUp()
  const request = producing(
    [
      ['a', 0, batchOf(['x'])],
      ['missing', 0, batchOf(['x'])],
    ],
    { acks: 0 },
  )
  const answer = exchange.process(exchange.encode(ProduceRequest, 9, request))
  expect(answer.events).toEqual(['close'])
  expect(opened[0]!.log.logEndOffset).toBe(1)
})

test('PRD-04 acks=1 is answered once the leader has the records', () => {
  const { exchange, opened } = setUp({ replicas: [1, 2] })
  const request = producing([['a', 0, batchOf(['x', 'y'])]])
  const answer = exchange.process(exchange.encode(ProduceRequest, 9, request))
  const [result] = results(decodeResponse(answer.bytes!, ProduceResponse, 9))
  expect(result).toMatchObject({ errorCode: 0, baseOffset: 0, logStartOffset: 0 })
  expect(opened[0]!.log.logEndOffset).toBe(2)
  expect(opened[0]!.log.highWatermark).toBe(0)
})

test('PRD-05 acks=-1 is answered at once when this is the only replica', () => {
  const { exchange, opened } = setUp()
  const request = producing([['a', 0, batchOf(['x'])]], { acks: -1 })
  const answer = exchange.process(exchange.encode(ProduceRequest, 9, request))
  expect(codes(decodeResponse(answer.bytes!, ProduceResponse, 9))).toEqual([0])
  expect(opened[0]!.log.highWatermark).toBe(1)
})

test('PRD-05 acks=-1 waits until the high watermark is behind its last record', async () => {
  const { exchange, opened, partitions, timers } = setUp({ replicas: [1, 2] })
  const request = producing([['a', 0, batchOf(['x', 'y'])]], { acks: -1 })
  const answer = exchange.process(exchange.encode(ProduceRequest, 9, request))
  expect(answer.events).toEqual([])
  opened[0]!.log.setHighWatermark(1)
  partitions.producing.check(opened[0]!)
  expect(partitions.producing.stats.parked).toBe(1)
  opened[0]!.log.setHighWatermark(2)
  partitions.producing.check(opened[0]!)
  await Promise.resolve()
  await Promise.resolve()
  expect(codes(decodeResponse(answer.bytes!, ProduceResponse, 9))).toEqual([0])
  expect(timers.pending).toBe(0)
})

test('PRD-06 acks=-1 is refused when too few replicas are in sync; others are not checked', async () => {
  const { send, partitions, opened } = setUp({ replicas: [1, 2, 3], isr: [1] })
  partitions.minInsyncReplicas = 2
  const data: Data[] = [['a', 0, batchOf(['x'])]]
  expect(codes(await send(9, producing(data, { acks: -1 })))).toEqual([
    ErrorCode.NOT_ENOUGH_REPLICAS,
  ])
  expect(opened[0]!.log.logEndOffset).toBe(0)
  expect(codes(await send(9, producing(data, { acks: 1 })))).toEqual([0])
})

test('PRD-07 acks=-1 fails when replicas fell out of sync after the append; the records stay', async () => {
  const { exchange, cluster, opened, partitions } = setUp({ replicas: [1, 2] })
  partitions.minInsyncReplicas = 2
  const request = producing([['a', 0, batchOf(['x'])]], { acks: -1 })
  const answer = exchange.process(exchange.encode(ProduceRequest, 9, request))
  opened[0]!.log.setHighWatermark(1)
  const image = cluster.image().topics.byName.get('a')!.partitions[0]!
  opened[0]!.apply({ ...image, isr: [1] })
  await Promise.resolve()
  await Promise.resolve()
  expect(codes(decodeResponse(answer.bytes!, ProduceResponse, 9))).toEqual([
    ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  ])
  expect(opened[0]!.log.logEndOffset).toBe(1)
})

test('PRD-08 no more replicas are asked for than there are', async () => {
  const { send, partitions } = setUp({ replicas: [1] })
  partitions.minInsyncReplicas = 2
  expect(codes(await send(9, producing([['a', 0, batchOf(['x'])]], { acks: -1 })))).toEqual([0])
})

test('PRD-09 acks=-1 times out; the records stay', async () => {
  const { exchange, opened, timers } = setUp({ replicas: [1, 2] })
  const request = producing([['a', 0, batchOf(['x'])]], { acks: -1, timeoutMs: 300 })
  const answer = exchange.process(exchange.encode(ProduceRequest, 9, request))
  timers.advance(300)
  await Promise.resolve()
  await Promise.resolve()
  expect(codes(decodeResponse(answer.bytes!, ProduceResponse, 9))).toEqual([
    ErrorCode.REQUEST_TIMED_OUT,
  ])
  expect(opened[0]!.log.logEndOffset).toBe(1)
})

test('a leader that resigns fails what waits for its commit', async () => {
  const { exchange, opened } = setUp({ replicas: [1, 2] })
  const request = producing([['a', 0, batchOf(['x'])]], { acks: -1 })
  const answer = exchange.process(exchange.encode(ProduceRequest, 9, request))
  opened[0]!.resign()
  await Promise.resolve()
  await Promise.resolve()
  expect(codes(decodeResponse(answer.bytes!, ProduceResponse, 9))).toEqual([
    ErrorCode.NOT_LEADER_OR_FOLLOWER,
  ])
})

test('PRD-10 a partition takes exactly one batch of magic 2; zstd needs version 7', async () => {
  const { send } = setUp()
  const two = Buffer.concat([batchOf(['x']), batchOf(['y'])])
  expect(codes(await send(9, producing([['a', 0, two]])))).toEqual([ErrorCode.INVALID_RECORD])
  const zstd = batchOf(['x'], { compression: 'zstd' })
  expect(codes(await send(6, producing([['a', 0, zstd]])))).toEqual([
    ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
  ])
  expect(codes(await send(7, producing([['a', 0, zstd]])))).toEqual([0])
})

test('PRD-12 PRD-13 PRD-16 damaged, too large and control batches are refused', async () => {
  const { send } = setUp({ config: { maxMessageBytes: 200 } })
  const damaged = batchOf(['x'])
  damaged[damaged.length - 1]! ^= 1
  const large = batchOf(['x'.repeat(300)])
  const control = batchOf(['x'], { isControl: true })
  for (const [records, errorCode] of [
    [damaged, ErrorCode.CORRUPT_MESSAGE],
    [large, ErrorCode.MESSAGE_TOO_LARGE],
    [control, ErrorCode.INVALID_RECORD],
  ] as const) {
    const [result] = results(await send(9, producing([['a', 0, records]])))
    expect(result).toMatchObject({ errorCode, baseOffset: -1 })
    expect(result!.errorMessage).not.toBe('')
  }
})

test('PRD-18 on a compacted topic each record without a key is named', async () => {
  const cleanup = { delete: false, compact: true }
  const { send, world } = setUp({ config: { cleanup } })
  const builder = new BatchBuilder()
  const nowMs = world.clock.nowMs()
  builder.append(nowMs, Buffer.from('k'), Buffer.from('x'))
  builder.append(nowMs, null, Buffer.from('y'))
  const [result] = results(await send(8, producing([['a', 0, builder.build().bytes]])))
  expect(result).toMatchObject({
    errorCode: ErrorCode.INVALID_RECORD,
    recordErrors: [{ batchIndex: 1 }],
  })
})

test('PRD-21 a topic with log append time tells the time it gave', async () => {
  const { send, world } = setUp({ config: { timestampType: 'LogAppendTime' } })
  const [stamped] = results(await send(9, producing([['a', 0, batchOf(['x'])]])))
  expect(stamped!.logAppendTimeMs).toBe(world.clock.nowMs())
  const [plain] = results(await setUp().send(9, producing([['a', 0, batchOf(['x'])]])))
  expect(plain!.logAppendTimeMs).toBe(-1)
})

test('PRD-25 unknown topics and partitions, by name and by id', async () => {
  const { send } = setUp()
  const data: Data[] = [
    ['missing', 0, batchOf(['x'])],
    ['a', 7, batchOf(['x'])],
  ]
  expect(codes(await send(12, producing(data)))).toEqual([
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ])
  expect(codes(await send(13, producing(data)))).toEqual([
    ErrorCode.UNKNOWN_TOPIC_ID,
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
  ])
})

test('PRD-26 a client that came to the wrong broker is told where the leader is', async () => {
  const { send } = setUp()
  const data: Data[] = [['elsewhere', 0, batchOf(['x'])]]
  for (const version of [10, 13]) {
    const response = await send(version, producing(data))
    expect(results(response)).toMatchObject([
      {
        errorCode: ErrorCode.NOT_LEADER_OR_FOLLOWER,
        currentLeader: { leaderId: 2, leaderEpoch: 9 },
      },
    ])
    expect(response.nodeEndpoints).toMatchObject([{ nodeId: 2, host: 'broker-2' }])
  }
  expect((await send(9, producing(data))).nodeEndpoints).toEqual([])
})

test('PRD-27 internal topics take records from administration tools only', async () => {
  const { send, exchange } = setUp()
  const data: Data[] = [['__consumer_offsets', 0, batchOf(['x'])]]
  expect(codes(await send(9, producing(data)))).toEqual([ErrorCode.INVALID_TOPIC_EXCEPTION])
  const bytes = exchange.encode(ProduceRequest, 9, producing(data))
  const name = bytes.indexOf('test-client')
  const admin = Buffer.concat([
    bytes.subarray(0, name - 2),
    Buffer.from([0, '__admin_client'.length]),
    Buffer.from('__admin_client'),
    bytes.subarray(name + 'test-client'.length),
  ])
  const answer = exchange.process(admin)
  expect(codes(decodeResponse(answer.bytes!, ProduceResponse, 9))).toEqual([0])
})

const transactional = { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true }

test('PRD-28 transactional batches need a transactional id and the right to it', async () => {
  const data: Data[] = [['a', 0, batchOf(['x'], transactional)]]
  const refused = [ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED]
  expect(codes(await setUp().send(9, producing(data)))).toEqual(refused)
  const { send } = setUp({ authorizer: denying('4 5 tx') })
  expect(codes(await send(9, producing(data, { transactionalId: 'tx' })))).toEqual(refused)
  const allowed = setUp()
  expect(codes(await allowed.send(9, producing(data, { transactionalId: 'tx' })))).toEqual([0])
})

test('PRD-29 the transactional batches of a request come from one producer', async () => {
  const { send, opened } = setUp()
  const data: Data[] = [
    ['a', 0, batchOf(['x'], transactional)],
    ['a', 1, batchOf(['x'], { ...transactional, producerId: 8 })],
  ]
  expect(codes(await send(9, producing(data, { transactionalId: 'tx' })))).toEqual([
    ErrorCode.INVALID_PRODUCER_ID_MAPPING,
    ErrorCode.INVALID_PRODUCER_ID_MAPPING,
  ])
  expect(opened[0]!.log.logEndOffset).toBe(0)
})

test('PRD-30 PRD-31 each partition has its own result', async () => {
  const { send, cluster, partitions } = setUp({ authorizer: denying('4 2 secret') })
  cluster.addTopic('secret')
  partitions.open('secret')
  const data: Data[] = [
    ['secret', 0, batchOf(['x'])],
    ['a', 1, batchOf(['x'])],
    ['a', 0, null],
  ]
  expect(codes(await send(9, producing(data)))).toEqual([
    ErrorCode.TOPIC_AUTHORIZATION_FAILED,
    ErrorCode.NONE,
    ErrorCode.INVALID_RECORD,
  ])
})

test('PRD-32 a log that is offline', async () => {
  const { send, opened } = setUp()
  opened[0]!.log.fail(new Error('EIO'))
  expect(codes(await send(9, producing([['a', 0, batchOf(['x'])]])))).toEqual([
    ErrorCode.KAFKA_STORAGE_ERROR,
  ])
})

test('PRD-33 null and empty records', async () => {
  const { send } = setUp()
  const data: Data[] = [
    ['a', 0, null],
    ['a', 1, Buffer.alloc(0)],
  ]
  expect(codes(await send(9, producing(data)))).toEqual([
    ErrorCode.INVALID_RECORD,
    ErrorCode.INVALID_RECORD,
  ])
})

test('IDM-02 a batch sent again succeeds with its first offset', async () => {
  const { send, opened } = setUp()
  const idempotent = { producerId: 7, producerEpoch: 0, baseSequence: 0 }
  const first = () => producing([['a', 0, batchOf(['x', 'y'], idempotent)]], { acks: -1 })
  const next = producing([['a', 0, batchOf(['z'], { ...idempotent, baseSequence: 2 })]])
  await send(9, first())
  await send(9, next)
  expect(results(await send(9, first()))).toMatchObject([{ errorCode: 0, baseOffset: 0 }])
  expect(opened[0]!.log.logEndOffset).toBe(3)
})

test('IDM-10 the first transactional batch is verified, those after it are not', async () => {
  const { send, questions } = setUp()
  const write = (version: number, baseSequence: number) =>
    send(
      version,
      producing([['a', 0, batchOf(['x'], { ...transactional, baseSequence })]], {
        transactionalId: 'tx',
      }),
    )
  expect(codes(await write(12, 0))).toEqual([0])
  expect(codes(await write(12, 1))).toEqual([0])
  expect(questions).toEqual([
    {
      transactionalId: 'tx',
      producerId: 7,
      producerEpoch: 0,
      partitions: [{ topic: 'a', partition: 0 }],
      addPartitions: true,
    },
  ])
})

test('IDM-10 what the transaction coordinator answers is told in terms of the version', async () => {
  for (const [version, answered, told] of [
    [9, ErrorCode.NOT_COORDINATOR, ErrorCode.NOT_ENOUGH_REPLICAS],
    [12, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, ErrorCode.NOT_ENOUGH_REPLICAS],
    [9, ErrorCode.CONCURRENT_TRANSACTIONS, ErrorCode.NOT_ENOUGH_REPLICAS],
    [12, ErrorCode.CONCURRENT_TRANSACTIONS, ErrorCode.CONCURRENT_TRANSACTIONS],
    [10, ErrorCode.TRANSACTION_ABORTABLE, ErrorCode.INVALID_TXN_STATE],
    [11, ErrorCode.TRANSACTION_ABORTABLE, ErrorCode.TRANSACTION_ABORTABLE],
    [9, ErrorCode.INVALID_PRODUCER_EPOCH, ErrorCode.INVALID_PRODUCER_EPOCH],
  ] as const) {
    const { send, opened } = setUp({ verify: () => answered })
    const data: Data[] = [['a', 0, batchOf(['x'], transactional)]]
    expect(codes(await send(version, producing(data, { transactionalId: 'tx' })))).toEqual([told])
    expect(opened[0]!.log.logEndOffset).toBe(0)
  }
})

test('what is produced is fetched again, and a waiting fetch wakes up', async () => {
  const { exchange, send, opened } = setUp()
  const request = {
    maxWaitMs: 500,
    minBytes: 1,
    maxBytes: 1 << 20,
    sessionEpoch: -1,
    topics: [
      createFetchRequestFetchTopic({
        topicId: testTopicId('a'),
        partitions: [
          createFetchRequestFetchPartition({
            partition: 0,
            partitionMaxBytes: 1 << 20,
            currentLeaderEpoch: 3,
          }),
        ],
      }),
    ],
  }
  const waiting = exchange.process(exchange.encode(FetchRequest, 13, request))
  expect(waiting.events).toEqual([])
  await send(13, producing([['a', 0, batchOf(['x', 'y'])]], { acks: -1 }))
  await vi.waitFor(() => expect(waiting.events).toEqual(['respond']))
  const { responses } = decodeResponse(waiting.bytes!, FetchResponse, 13)
  const data = responses[0]!.partitions[0]!
  expect(data).toMatchObject({ errorCode: 0, highWatermark: 2, lastStableOffset: 2 })
  const batch = new BatchView(joinRecords(data.records!) as Buffer, 0)
  expect(batch).toMatchObject({ baseOffset: 0, partitionLeaderEpoch: 3, recordCount: 2 })
  expect(batch.hasValidCrc()).toBe(true)
  expect(opened[0]!.log.logEndOffset).toBe(2)
})
