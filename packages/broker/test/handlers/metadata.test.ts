import { DirectoryId } from '@barnabas/metadata'
import {
  createMetadataRequestTopic,
  ErrorCode,
  MetadataRequest,
  MetadataResponse,
  ZERO_UUID,
} from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { metadata } from '../../src/handlers/03-metadata.ts'
import { allowAll, type Authorizer } from '../../src/security/authorizer.ts'
import { denying, TestCluster, testTopicId } from '../support/test-cluster.ts'
import { TestExchange } from '../support/test-exchange.ts'

function setUp(options: { authorizer?: Authorizer; autoCreate?: boolean } = {}) {
  const cluster = new TestCluster()
    .addBroker(1, { rack: 'a' })
    .addBroker(2)
    .addTopic('orders', { replicas: [1, 2], leaderEpoch: 4 }, { replicas: [2, 1] })
    .addTopic('__consumer_offsets')
  const created: string[][] = []
  const exchange = new TestExchange([
    metadata({
      cluster,
      authorizer: options.authorizer ?? allowAll,
      autoCreateEnabled: () => options.autoCreate ?? true,
      autoCreate: (names) => void created.push([...names]),
    }),
  ])
  const ask = (version: number, fields: Partial<MetadataRequest> = {}) =>
    exchange.send(MetadataRequest, MetadataResponse, version, fields)
  return { cluster, created, ask }
}

const named = (...names: (string | null)[]) =>
  names.map((name) => createMetadataRequestTopic({ name }))
const byId = (...ids: string[]) =>
  ids.map((topicId) => createMetadataRequestTopic({ topicId, name: null }))
const names = ({ topics }: MetadataResponse) => topics.map(({ name }) => name).sort()
const errors = ({ topics }: MetadataResponse) =>
  topics.map(({ name, errorCode }) => [name, errorCode])

test('MET-01 null asks for all topics, an empty list for none; in version 0 the empty list for all', async () => {
  const { ask } = setUp()
  const all = ['__consumer_offsets', 'orders']
  expect(names(await ask(0, { topics: [] }))).toEqual(all)
  for (const version of [1, 8, 9, 13]) {
    expect(names(await ask(version, { topics: null }))).toEqual(all)
    expect(names(await ask(version, { topics: [] }))).toEqual([])
  }
})

test('MET-02 a topic that is not there, and one that cannot be', async () => {
  const { ask, created } = setUp({ autoCreate: false })
  const response = await ask(13, { topics: named('missing', 'a b', '..', 'x'.repeat(250)) })
  expect(errors(response)).toEqual([
    ['missing', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ['a b', ErrorCode.INVALID_TOPIC_EXCEPTION],
    ['..', ErrorCode.INVALID_TOPIC_EXCEPTION],
    ['x'.repeat(250), ErrorCode.INVALID_TOPIC_EXCEPTION],
  ])
  expect(created).toEqual([])
})

test('MET-03 a missing topic is created behind an answer that does not know it yet', async () => {
  const { ask, created } = setUp()
  const response = await ask(13, { topics: named('orders', 'fresh', 'a b') })
  expect(errors(response)).toEqual([
    ['orders', ErrorCode.NONE],
    ['fresh', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ['a b', ErrorCode.INVALID_TOPIC_EXCEPTION],
  ])
  expect(created).toEqual([['fresh']])
  await ask(13, { topics: named('other'), allowAutoTopicCreation: false })
  expect(created).toEqual([['fresh']])
  await ask(1, { topics: named('old') })
  expect(created).toEqual([['fresh'], ['old']])
})

test('MET-03 creating needs the right to it, on the cluster or the topic', async () => {
  const onTopic = setUp({ authorizer: denying('5 4 kafka-cluster') })
  await onTopic.ask(13, { topics: named('fresh') })
  expect(onTopic.created).toEqual([['fresh']])
  const none = setUp({ authorizer: denying('5 4 kafka-cluster', '5 2 fresh') })
  const response = await none.ask(13, { topics: named('fresh') })
  expect(errors(response)).toEqual([['fresh', ErrorCode.TOPIC_AUTHORIZATION_FAILED]])
  expect(none.created).toEqual([])
})

test('MET-04 asking for all topics creates none, and hides those that may not be described', async () => {
  const { ask, created } = setUp({ authorizer: denying('8 2 orders') })
  expect(names(await ask(13, { topics: null }))).toEqual(['__consumer_offsets'])
  expect(created).toEqual([])
})

test('MET-05 topics are asked for by id from version 12 on', async () => {
  const { ask } = setUp()
  const unknown = testTopicId('unknown')
  const response = await ask(12, { topics: byId(testTopicId('orders'), unknown) })
  expect(response.topics).toMatchObject([
    { name: 'orders', topicId: testTopicId('orders'), errorCode: 0 },
    { name: null, topicId: unknown, errorCode: ErrorCode.UNKNOWN_TOPIC_ID },
  ])
  const early = await ask(11, {
    topics: [createMetadataRequestTopic({ topicId: unknown, name: 'orders' })],
  })
  expect(errors(early)).toEqual([['orders', ErrorCode.INVALID_REQUEST]])
  const neither = await ask(13, { topics: named(null) })
  expect(neither.errorCode).toBe(ErrorCode.INVALID_REQUEST)
})

test('MET-06 a topic that may not be described is not given away', async () => {
  const { ask } = setUp({ authorizer: denying('8 2 orders', '8 2 missing') })
  const response = await ask(13, { topics: named('orders', 'missing') })
  const refused = { errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED, topicId: ZERO_UUID }
  expect(response.topics).toMatchObject([
    { name: 'orders', partitions: [], ...refused },
    { name: 'missing', partitions: [], ...refused },
  ])
  const topicId = testTopicId('orders')
  expect((await ask(13, { topics: byId(topicId) })).topics).toMatchObject([
    { name: null, topicId, errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED },
  ])
})

test('MET-07 a partition without a leader, and one whose leader lacks the listener', async () => {
  const { ask, cluster } = setUp()
  cluster.addTopic('leaderless', { replicas: [1, 2], leader: -1 }, { replicas: [7] })
  cluster.addBroker(3, { endpoints: [] }).addTopic('elsewhere', { replicas: [3, 1] })
  const partitions = async (version: number, topic: string) =>
    (await ask(version, { topics: named(topic) })).topics[0]!.partitions.map(
      ({ errorCode, leaderId }) => [errorCode, leaderId],
    )
  for (const version of [5, 6, 13]) {
    expect(await partitions(version, 'leaderless')).toEqual([
      [ErrorCode.LEADER_NOT_AVAILABLE, -1],
      [ErrorCode.LEADER_NOT_AVAILABLE, -1],
    ])
  }
  expect(await partitions(5, 'elsewhere')).toEqual([[ErrorCode.LEADER_NOT_AVAILABLE, -1]])
  expect(await partitions(6, 'elsewhere')).toEqual([[ErrorCode.LISTENER_NOT_FOUND, -1]])
})

test('MET-08 the brokers are those alive, with the listener that the client uses', async () => {
  const { ask, cluster } = setUp()
  cluster.addBroker(3, { fenced: true }).addBroker(4, { endpoints: [] })
  const { brokers } = await ask(13, { topics: [] })
  expect(brokers).toMatchObject([
    { nodeId: 1, host: 'broker-1', port: 9092, rack: 'a' },
    { nodeId: 2, host: 'broker-2', port: 9092, rack: null },
  ])
})

test('MET-09 the controller is told to be an alive broker', async () => {
  const { ask, cluster } = setUp()
  expect((await ask(13)).controllerId).toBe(1)
  cluster.addBroker(1, { fenced: true })
  expect((await ask(13)).controllerId).toBe(2)
  cluster.addBroker(2, { fenced: true })
  expect((await ask(13)).controllerId).toBe(-1)
})

test('MET-10 ids, epochs, offline replicas, authorised operations', async () => {
  const { ask, cluster } = setUp({ authorizer: denying('4 2 orders', '5 4 kafka-cluster') })
  cluster.addBroker(2, { fenced: true })
  const response = await ask(13, { topics: named('orders') })
  expect(response).toMatchObject({ clusterId: 'test-cluster', errorCode: 0 })
  expect(response.topics[0]).toMatchObject({
    topicId: testTopicId('orders'),
    isInternal: false,
    topicAuthorizedOperations: -2147483648,
    partitions: [
      { leaderId: 1, leaderEpoch: 4, replicaNodes: [1, 2], isrNodes: [1, 2], offlineReplicas: [2] },
      { leaderId: -1 },
    ],
  })
  const internal = await ask(13, {
    topics: named('__consumer_offsets', 'orders'),
    includeTopicAuthorizedOperations: true,
  })
  expect(internal.topics.map(({ isInternal }) => isInternal)).toEqual([true, false])
  expect(internal.topics.map((topic) => topic.topicAuthorizedOperations)).toEqual([3576, 3560])
  for (const version of [8, 10]) {
    const old = await ask(version, { topics: [], includeClusterAuthorizedOperations: true })
    expect(old.clusterAuthorizedOperations).toBe(0b1_1111_1000_0000)
  }
})

test('MET-10 a replica in a lost directory is offline', async () => {
  const { ask, cluster } = setUp()
  cluster.addTopic('lost', {
    replicas: [1, 2],
    directories: [DirectoryId.UNASSIGNED, DirectoryId.LOST],
  })
  const { topics } = await ask(13, { topics: named('lost') })
  expect(topics[0]!.partitions[0]!.offlineReplicas).toEqual([2])
})

test('version 0 leaves out replicas that cannot be reached, and says so', async () => {
  const { ask, cluster } = setUp()
  cluster.addBroker(2, { fenced: true })
  const { topics } = await ask(0, { topics: named('orders') })
  expect(topics[0]!.partitions[0]).toMatchObject({
    errorCode: ErrorCode.REPLICA_NOT_AVAILABLE,
    leaderId: 1,
    replicaNodes: [1],
    isrNodes: [1],
  })
})
