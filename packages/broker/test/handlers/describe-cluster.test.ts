import {
  createDescribeTopicPartitionsRequestCursor,
  createDescribeTopicPartitionsRequestTopicRequest,
  DescribeClusterRequest,
  DescribeClusterResponse,
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
  ErrorCode,
} from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { describeCluster } from '../../src/handlers/60-describe-cluster.ts'
import { describeTopicPartitions } from '../../src/handlers/75-describe-topic-partitions.ts'
import { allowAll, type Authorizer } from '../../src/security/authorizer.ts'
import { denying, TestCluster } from '../support/test-cluster.ts'
import { TestExchange } from '../support/test-exchange.ts'

function setUp(authorizer: Authorizer = allowAll) {
  const cluster = new TestCluster().addBroker(1, { rack: 'a' }).addBroker(2, { fenced: true })
  for (const name of ['b', 'a', 'c']) cluster.addTopic(name, {}, {}, {})
  const exchange = new TestExchange([
    describeCluster({ cluster, authorizer }),
    describeTopicPartitions({ cluster, authorizer, maxPartitions: () => 2000 }),
  ])
  return {
    cluster,
    describe: (version: number, fields: Partial<DescribeClusterRequest> = {}) =>
      exchange.send(DescribeClusterRequest, DescribeClusterResponse, version, fields),
    page: (fields: Partial<DescribeTopicPartitionsRequest>) =>
      exchange.send(DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, 0, fields),
  }
}

test('DescribeCluster tells id, controller and brokers; fenced ones on request', async () => {
  const { describe } = setUp()
  const response = await describe(1)
  expect(response).toMatchObject({
    errorCode: 0,
    clusterId: 'test-cluster',
    controllerId: 1,
    endpointType: 1,
    clusterAuthorizedOperations: -2147483648,
  })
  expect(response.brokers).toMatchObject([{ brokerId: 1, host: 'broker-1', rack: 'a' }])
  const { brokers } = await describe(2, { includeFencedBrokers: true })
  expect(brokers).toMatchObject([
    { brokerId: 1, isFenced: false },
    { brokerId: 2, isFenced: true },
  ])
})

test('DescribeCluster tells what may be done with the cluster, if it may be described', async () => {
  const asked = { includeClusterAuthorizedOperations: true }
  const all = await setUp().describe(1, asked)
  expect(all.clusterAuthorizedOperations).toBe(0b1_1111_1010_0000)
  const none = await setUp(denying('8 4 kafka-cluster')).describe(1, asked)
  expect(none.clusterAuthorizedOperations).toBe(0)
})

test('DCL-01 a request meant for another kind of endpoint is refused', async () => {
  const { describe } = setUp()
  for (const [version, endpointType, errorCode] of [
    [1, 2, ErrorCode.MISMATCHED_ENDPOINT_TYPE],
    [1, 3, ErrorCode.UNSUPPORTED_ENDPOINT_TYPE],
    [2, 0, ErrorCode.UNSUPPORTED_ENDPOINT_TYPE],
  ] as const) {
    expect((await describe(version, { endpointType })).errorCode).toBe(errorCode)
  }
})

const topics = (...names: string[]) =>
  names.map((name) => createDescribeTopicPartitionsRequestTopicRequest({ name }))
const rows = (response: DescribeTopicPartitionsResponse) =>
  response.topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex }) => `${name}-${partitionIndex}`),
  )

test('DTP-01 topics come sorted by name, page by page', async () => {
  const { page } = setUp()
  const seen: string[] = []
  let cursor: DescribeTopicPartitionsResponse['nextCursor'] = null
  let pages = 0
  do {
    const response: DescribeTopicPartitionsResponse = await page({
      responsePartitionLimit: 4,
      cursor: cursor && createDescribeTopicPartitionsRequestCursor(cursor),
    })
    seen.push(...rows(response))
    cursor = response.nextCursor
    pages++
  } while (cursor !== null)
  expect(seen).toEqual(['a-0', 'a-1', 'a-2', 'b-0', 'b-1', 'b-2', 'c-0', 'c-1', 'c-2'])
  expect(pages).toBe(3)
})

test('DTP-01 a page that is full between two topics points to the beginning of the next', async () => {
  const { page } = setUp()
  const response = await page({ responsePartitionLimit: 3 })
  expect(rows(response)).toEqual(['a-0', 'a-1', 'a-2'])
  expect(response.nextCursor).toMatchObject({ topicName: 'b', partitionIndex: 0 })
})

test('DTP-01 named topics: missing ones have an error, those before the cursor are left out', async () => {
  const { page } = setUp(denying('8 2 b'))
  const response = await page({
    topics: topics('missing', 'b', 'a', 'a b', 'c'),
    responsePartitionLimit: 2000,
    cursor: createDescribeTopicPartitionsRequestCursor({ topicName: 'a b', partitionIndex: 0 }),
  })
  expect(response.topics.map(({ name, errorCode }) => [name, errorCode])).toEqual([
    ['a b', ErrorCode.INVALID_TOPIC_EXCEPTION],
    ['c', ErrorCode.NONE],
    ['missing', ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ['b', ErrorCode.TOPIC_AUTHORIZATION_FAILED],
  ])
  const all = await page({ responsePartitionLimit: 2000 })
  expect(all.topics.map(({ name }) => name)).toEqual(['a', 'c'])
})

test('DTP-01 tells which replicas may lead outside of the ISR', async () => {
  const { page, cluster } = setUp()
  cluster.addTopic('elr', {
    replicas: [1, 2, 3],
    isr: [1],
    eligibleLeaderReplicas: [2],
    lastKnownElr: [3],
  })
  const { topics: found } = await page({ topics: topics('elr'), responsePartitionLimit: 1 })
  expect(found[0]).toMatchObject({
    topicAuthorizedOperations: 3576,
    partitions: [{ eligibleLeaderReplicas: [2], lastKnownElr: [3], offlineReplicas: [2, 3] }],
  })
})

test('DTP-01 a cursor with a negative partition is refused', async () => {
  const { page } = setUp()
  const cursor = createDescribeTopicPartitionsRequestCursor({ topicName: 'a', partitionIndex: -1 })
  const response = await page({ topics: topics('a'), cursor, responsePartitionLimit: 1 })
  expect(response.topics[0]!.errorCode).toBe(ErrorCode.INVALID_REQUEST)
})
