import { createTestWorld, type TestWorld } from '@barnabas/base/testing'
import { MemoryMetadataQuorum, type MetadataLog } from '@barnabas/metadata'
import {
  createCreateTopicsRequestCreatableTopic,
  createFetchRequestFetchPartition,
  createFetchRequestFetchTopic,
  createMetadataRequestTopic,
  createProduceRequestPartitionProduceData,
  createProduceRequestTopicProduceData,
  CreateTopicsRequest,
  CreateTopicsResponse,
  DescribeClusterRequest,
  DescribeClusterResponse,
  ErrorCode,
  FetchRequest,
  FetchResponse,
  FindCoordinatorRequest,
  FindCoordinatorResponse,
  InitProducerIdRequest,
  InitProducerIdResponse,
  joinRecords,
  type MessageType,
  MetadataRequest,
  MetadataResponse,
  ProduceRequest,
  ProduceResponse,
  readBatches,
} from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { Broker } from '../src/broker.ts'
import { TestClient } from './support/test-client.ts'
import { testBrokerConfig } from './support/test-controller.ts'
import { batchOf } from './support/test-partitions.ts'

const SETTINGS = {
  'log.dirs': '/data',
  'offsets.topic.num.partitions': '3',
  'offsets.topic.replication.factor': '1',
  'group.initial.rebalance.delay.ms': '0',
}

class Running {
  readonly world: TestWorld
  readonly quorum: MemoryMetadataQuorum
  readonly broker: Broker
  readonly metadataLog: MetadataLog
  readonly client: TestClient

  constructor(
    world: TestWorld,
    quorum: MemoryMetadataQuorum,
    metadataLog: MetadataLog,
    broker: Broker,
    client: TestClient,
  ) {
    this.world = world
    this.quorum = quorum
    this.metadataLog = metadataLog
    this.broker = broker
    this.client = client
  }

  static async start(
    settings: Record<string, string> = {},
    world = createTestWorld(),
    quorum = new MemoryMetadataQuorum({ nowMs: () => world.clock.nowMs() }),
  ): Promise<Running> {
    const metadataLog = quorum.join(1)
    const broker = await world.complete(
      Broker.start({
        world,
        config: testBrokerConfig({ ...SETTINGS, ...settings }),
        clusterId: 'test-cluster',
        createMetadataLog: () => metadataLog,
      }),
    )
    const to = { host: 'localhost', port: broker.addresses[0]!.port }
    const client = await world.complete(TestClient.connect(world, to))
    return new Running(world, quorum, metadataLog, broker, client)
  }

  /** A second connection. */
  async connect(): Promise<Running> {
    const { world, quorum, metadataLog, broker } = this
    const to = { host: 'localhost', port: broker.addresses[0]!.port }
    const client = await world.complete(TestClient.connect(world, to))
    return new Running(world, quorum, metadataLog, broker, client)
  }

  async send<Q, A>(
    request: MessageType<Q>,
    response: MessageType<A>,
    version: number,
    fields: Partial<Q> = {},
  ): Promise<A> {
    return this.world.complete(this.client.send(request, response, version, fields))
  }

  createTopic(name: string, numPartitions = 1): Promise<CreateTopicsResponse> {
    return this.send(CreateTopicsRequest, CreateTopicsResponse, 7, {
      timeoutMs: 1000,
      topics: [
        createCreateTopicsRequestCreatableTopic({ name, numPartitions, replicationFactor: 1 }),
      ],
    })
  }

  async produce(name: string, ...values: string[]): Promise<[number, number]> {
    const { responses } = await this.send(ProduceRequest, ProduceResponse, 9, {
      acks: -1,
      timeoutMs: 1000,
      topicData: [
        createProduceRequestTopicProduceData({
          name,
          partitionData: [
            createProduceRequestPartitionProduceData({ index: 0, records: batchOf(values) }),
          ],
        }),
      ],
    })
    const { errorCode, baseOffset } = responses[0]!.partitionResponses[0]!
    return [errorCode, baseOffset]
  }

  async fetch(topic: string, fetchOffset = 0, maxWaitMs = 0) {
    const { responses } = await this.send(FetchRequest, FetchResponse, 12, {
      maxWaitMs,
      minBytes: 1,
      maxBytes: 1 << 20,
      sessionEpoch: -1,
      topics: [
        createFetchRequestFetchTopic({
          topic,
          partitions: [
            createFetchRequestFetchPartition({ fetchOffset, partitionMaxBytes: 1 << 20 }),
          ],
        }),
      ],
    })
    const data = responses[0]!.partitions[0]!
    const { batches } = readBatches(joinRecords(data.records!) as Buffer)
    return { ...data, offsets: batches.map(({ baseOffset }) => baseOffset) }
  }
}

test('a broker starts, tells where it is, and stops', async () => {
  const running = await Running.start()
  const { world, broker, client } = running
  const told = await running.send(MetadataRequest, MetadataResponse, 12, { topics: [] })
  expect(told.brokers).toMatchObject([{ nodeId: 1, host: 'localhost', port: 9092 }])
  expect([told.clusterId, told.controllerId]).toEqual(['test-cluster', 1])
  const cluster = await running.send(DescribeClusterRequest, DescribeClusterResponse, 2)
  expect(cluster.brokers).toHaveLength(1)
  await world.complete(broker.stop())
  await world.settle()
  expect(client.closed).toBe(true)
  expect(world.log.find('', 'error')).toEqual([])
})

test('what is produced to a new topic can be fetched at once, also by a fetch that waited', async () => {
  const running = await Running.start()
  const created = await running.createTopic('a', 2)
  expect(created.topics).toMatchObject([{ name: 'a', errorCode: 0, numPartitions: 2 }])
  expect(await running.produce('a', 'x', 'y')).toEqual([0, 0])
  expect(await running.produce('a', 'z')).toEqual([0, 2])
  expect(await running.fetch('a')).toMatchObject({ highWatermark: 3, offsets: [0, 2] })
  const { world, broker } = running
  const other = await running.connect()
  const waiting = other.client.send(FetchRequest, FetchResponse, 12, {
    maxWaitMs: 5000,
    minBytes: 1,
    maxBytes: 1 << 20,
    sessionEpoch: -1,
    topics: [
      createFetchRequestFetchTopic({
        topic: 'a',
        partitions: [createFetchRequestFetchPartition({ fetchOffset: 3, partitionMaxBytes: 1000 })],
      }),
    ],
  })
  await world.advance(10)
  expect(await running.produce('a', 'late')).toEqual([0, 3])
  const { responses } = await waiting
  expect(responses[0]!.partitions[0]).toMatchObject({ errorCode: 0, highWatermark: 4 })
  await world.complete(broker.stop())
})

test('MET-03 a topic that is asked for is made', async () => {
  const running = await Running.start()
  const ask = () =>
    running.send(MetadataRequest, MetadataResponse, 12, {
      topics: [createMetadataRequestTopic({ name: 'fresh' })],
    })
  const first = await ask()
  expect(first.topics[0]!.errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  await running.world.settle()
  const second = await ask()
  expect(second.topics[0]).toMatchObject({ errorCode: 0, partitions: [{ leaderId: 1 }] })
  expect(await running.produce('fresh', 'x')).toEqual([0, 0])
  await running.world.complete(running.broker.stop())
})

test('FCO-03 the topic of the group coordinator is made when somebody looks for it', async () => {
  const running = await Running.start()
  const find = async () => {
    const fields = { key: 'g', keyType: 0 }
    const found = await running.send(FindCoordinatorRequest, FindCoordinatorResponse, 3, fields)
    return [found.errorCode, found.nodeId]
  }
  expect(await find()).toEqual([ErrorCode.COORDINATOR_NOT_AVAILABLE, -1])
  await running.world.settle()
  expect(await find()).toEqual([0, 1])
  await running.world.complete(running.broker.stop())
})

test('producer ids are all different', async () => {
  const running = await Running.start()
  const ids = new Set<number>()
  for (let n = 0; n < 5; n++) {
    const { errorCode, producerId, producerEpoch } = await running.send(
      InitProducerIdRequest,
      InitProducerIdResponse,
      4,
      { transactionalId: null, transactionTimeoutMs: 0 },
    )
    expect([errorCode, producerEpoch]).toEqual([0, 0])
    ids.add(producerId)
  }
  expect(ids.size).toBe(5)
  await running.world.complete(running.broker.stop())
})

test('after an orderly stop, and after a kill, records are there again', async () => {
  let running = await Running.start()
  await running.createTopic('a')
  await running.produce('a', 'x', 'y')
  for (const how of ['stop', 'kill'] as const) {
    if (how === 'stop') await running.world.complete(running.broker.stop())
    else await running.metadataLog.close()
    running = await Running.start({}, running.world.restart(), running.quorum)
    expect(await running.fetch('a')).toMatchObject({ errorCode: 0, highWatermark: 2, offsets: [0] })
  }
  await running.world.complete(running.broker.stop())
})

test('a listener of a protocol that cannot be served is refused with a word on it', async () => {
  const world = createTestWorld()
  const starting = Broker.start({
    world,
    config: testBrokerConfig({ ...SETTINGS, listeners: 'SSL://:9093' }),
    clusterId: 'test-cluster',
    createMetadataLog: () => new MemoryMetadataQuorum().join(1),
  })
  await expect(world.complete(starting)).rejects.toThrow(/SSL \(SSL\) cannot be served/)
})
