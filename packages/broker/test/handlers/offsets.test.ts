import { createTestWorld } from '@barnabas/base/testing'
import {
  BatchBuilder,
  createDeleteRecordsRequestDeleteRecordsPartition,
  createDeleteRecordsRequestDeleteRecordsTopic,
  createDescribeProducersRequestTopicRequest,
  createListOffsetsRequestListOffsetsPartition,
  createListOffsetsRequestListOffsetsTopic,
  createOffsetForLeaderEpochRequestOffsetForLeaderPartition,
  createOffsetForLeaderEpochRequestOffsetForLeaderTopic,
  DeleteRecordsRequest,
  DeleteRecordsResponse,
  DescribeProducersRequest,
  DescribeProducersResponse,
  ErrorCode,
  ListOffsetsRequest,
  ListOffsetsResponse,
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
} from '@barnabas/protocol'
import { expect, test } from 'vitest'
import { listOffsets } from '../../src/handlers/02-list-offsets.ts'
import { deleteRecords } from '../../src/handlers/21-delete-records.ts'
import { offsetForLeaderEpoch } from '../../src/handlers/23-offset-for-leader-epoch.ts'
import { describeProducers } from '../../src/handlers/61-describe-producers.ts'
import type { Partition } from '../../src/partition/partition.ts'
import { allowAll, type Authorizer } from '../../src/security/authorizer.ts'
import { denying, TestCluster } from '../support/test-cluster.ts'
import { TestExchange } from '../support/test-exchange.ts'
import { TestPartitions } from '../support/test-partitions.ts'

function setUp(options: { authorizer?: Authorizer; replicas?: number[] } = {}) {
  const { authorizer = allowAll, replicas = [1] } = options
  const cluster = new TestCluster().addBroker(1)
  const image = { replicas, leaderEpoch: 3 }
  cluster.addTopic('a', image, image).addTopic('compacted').addTopic('__consumer_offsets')
  const partitions = new TestPartitions(createTestWorld(), cluster)
  const [partition] = partitions.open('a')
  partitions.open('compacted', { cleanup: { delete: false, compact: true } })
  partitions.open('__consumer_offsets')
  const services = { cluster, authorizer, partitions }
  const exchange = new TestExchange([
    listOffsets(services),
    offsetForLeaderEpoch(services),
    deleteRecords(services),
    describeProducers(services),
  ])
  const list = async (
    version: number,
    timestamps: number[],
    fields: Partial<ListOffsetsRequest> = {},
    topic = 'a',
  ) => {
    const asked = timestamps.map((timestamp, partitionIndex) =>
      createListOffsetsRequestListOffsetsPartition({ partitionIndex, timestamp }),
    )
    const response = await exchange.send(ListOffsetsRequest, ListOffsetsResponse, version, {
      replicaId: -1,
      topics: [createListOffsetsRequestListOffsetsTopic({ name: topic, partitions: asked })],
      ...fields,
    })
    return response.topics.flatMap(({ partitions: found }) => found)
  }
  const state = cluster.image().topics.byName.get('a')!.partitions[0]!
  return { exchange, partition: partition!, partitions, state, list }
}

/** One batch whose records have these timestamps. */
function append(partition: Partition, timestamps: number[], options = {}): void {
  const builder = new BatchBuilder(options)
  for (const timestamp of timestamps) builder.append(timestamp, Buffer.from('k'), Buffer.from('v'))
  const result = partition.append(builder.build(), { acks: 1, origin: 'client' })
  expect(result).toMatchObject({ accepted: true })
}

const NOTHING = { errorCode: 0, offset: -1, timestamp: -1, leaderEpoch: -1 }

test('LOF-01 the latest offset is the high watermark, the last stable offset or the log end', async () => {
  const { partition, list } = setUp()
  append(partition, [1, 2])
  append(partition, [3], {
    producerId: 7,
    producerEpoch: 0,
    baseSequence: 0,
    isTransactional: true,
  })
  append(partition, [4])
  expect(await list(1, [-1])).toMatchObject([{ offset: 4, timestamp: -1 }])
  expect(await list(11, [-1])).toMatchObject([{ offset: 4, timestamp: -1, leaderEpoch: 3 }])
  expect(await list(2, [-1], { isolationLevel: 1 })).toMatchObject([{ offset: 2 }])
  const { partition: lagging, list: listLagging } = setUp({ replicas: [1, 2] })
  append(lagging, [1, 2])
  expect(await listLagging(11, [-1])).toMatchObject([{ offset: 0 }])
  expect(await listLagging(11, [-1], { replicaId: 2 })).toMatchObject([{ offset: 2 }])
})

test('LOF-02 LOF-04 the earliest offset is where the log begins', async () => {
  const { partition, list } = setUp()
  append(partition, [1, 2, 3])
  partition.deleteRecords(2)
  expect(await list(1, [-2])).toMatchObject([{ offset: 2, timestamp: -1 }])
  expect(await list(8, [-4])).toMatchObject([{ offset: 2, timestamp: -1, leaderEpoch: 3 }])
})

test('LOF-03 the largest timestamp is that of a record, wherever in its batch', async () => {
  const { partition, list } = setUp()
  expect(await list(7, [-3])).toMatchObject([NOTHING])
  append(partition, [10, 50, 20])
  append(partition, [30])
  expect(await list(7, [-3])).toMatchObject([{ offset: 1, timestamp: 50, leaderEpoch: 3 }])
  partition.deleteRecords(4)
  expect(await list(7, [-3])).toMatchObject([NOTHING])
})

test('LOF-05 LOF-06 nothing is tiered here', async () => {
  const { partition, list } = setUp()
  append(partition, [1])
  expect(await list(9, [-5])).toMatchObject([NOTHING])
  expect(await list(11, [-6])).toMatchObject([NOTHING])
})

test('LOF-07 the first record at a time or later; none is no error', async () => {
  const { partition, list } = setUp()
  append(partition, [10, 50, 20])
  append(partition, [60])
  expect(await list(11, [0])).toMatchObject([{ offset: 0, timestamp: 10, leaderEpoch: 3 }])
  expect(await list(11, [11])).toMatchObject([{ offset: 1, timestamp: 50 }])
  expect(await list(11, [51])).toMatchObject([{ offset: 3, timestamp: 60 }])
  expect(await list(11, [61])).toMatchObject([NOTHING])
  const { partition: lagging, list: listLagging } = setUp({ replicas: [1, 2] })
  append(lagging, [10])
  expect(await listLagging(11, [5])).toMatchObject([NOTHING])
})

test('LOF-08 special times that the version does not know', async () => {
  const { list } = setUp()
  for (const [version, timestamp] of [
    [6, -3],
    [7, -4],
    [8, -5],
    [10, -6],
    [11, -7],
  ] as const) {
    const [found] = await list(version, [timestamp])
    expect(found).toMatchObject({ errorCode: ErrorCode.UNSUPPORTED_VERSION, offset: -1 })
  }
})

test('LOF-09 a partition that is asked for twice', async () => {
  const { exchange } = setUp()
  const asked = (partitionIndex: number) =>
    createListOffsetsRequestListOffsetsPartition({ partitionIndex, timestamp: -1 })
  const { topics } = await exchange.send(ListOffsetsRequest, ListOffsetsResponse, 5, {
    replicaId: -1,
    topics: [
      createListOffsetsRequestListOffsetsTopic({ name: 'a', partitions: [asked(0), asked(1)] }),
      createListOffsetsRequestListOffsetsTopic({ name: 'a', partitions: [asked(0)] }),
    ],
  })
  const codes = topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
  expect(codes).toEqual([ErrorCode.INVALID_REQUEST, 0, ErrorCode.INVALID_REQUEST])
})

test('LOF-10 a new leader that does not know yet what is committed', async () => {
  const { partition, state, list } = setUp({ replicas: [1, 2] })
  append(partition, [10, 20])
  partition.apply({ ...state, leaderEpoch: 4 })
  const code = async (version: number, timestamp: number, fields = {}) =>
    (await list(version, [timestamp], fields))[0]!.errorCode
  expect(await code(5, -1)).toBe(ErrorCode.OFFSET_NOT_AVAILABLE)
  expect(await code(4, -1)).toBe(ErrorCode.LEADER_NOT_AVAILABLE)
  expect(await code(5, 15)).toBe(ErrorCode.OFFSET_NOT_AVAILABLE)
  expect(await code(5, 25)).toBe(0)
  expect(await code(5, -2)).toBe(0)
  expect(await code(5, -1, { replicaId: 2 })).toBe(0)
})

test('LOF-11 another leader epoch than the present one', async () => {
  const { list } = setUp()
  const code = async (currentLeaderEpoch: number) => {
    const partitions = [
      createListOffsetsRequestListOffsetsPartition({ timestamp: -1, currentLeaderEpoch }),
    ]
    const topics = [createListOffsetsRequestListOffsetsTopic({ name: 'a', partitions })]
    return (await list(4, [], { topics }))[0]!.errorCode
  }
  expect(await code(3)).toBe(0)
  expect(await code(2)).toBe(ErrorCode.FENCED_LEADER_EPOCH)
  expect(await code(4)).toBe(ErrorCode.UNKNOWN_LEADER_EPOCH)
})

test('LOF-12 topics that are unknown or may not be described', async () => {
  const { list } = setUp({ authorizer: denying('8 2 a') })
  expect(await list(5, [-1], {}, 'missing')).toMatchObject([
    { errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION },
  ])
  expect(await list(5, [-1])).toMatchObject([{ errorCode: ErrorCode.TOPIC_AUTHORIZATION_FAILED }])
})

async function endOf(
  exchange: TestExchange,
  leaderEpoch: number,
  fields: { currentLeaderEpoch?: number; partition?: number } = {},
) {
  const { topics } = await exchange.send(
    OffsetForLeaderEpochRequest,
    OffsetForLeaderEpochResponse,
    4,
    {
      topics: [
        createOffsetForLeaderEpochRequestOffsetForLeaderTopic({
          topic: 'a',
          partitions: [
            createOffsetForLeaderEpochRequestOffsetForLeaderPartition({ leaderEpoch, ...fields }),
          ],
        }),
      ],
    },
  )
  const { errorCode, leaderEpoch: epoch, endOffset } = topics[0]!.partitions[0]!
  return [errorCode, epoch, endOffset]
}

test('OLE-01 OLE-02 OLE-03 OLE-04 where epochs end', async () => {
  const { exchange, partition, state } = setUp()
  append(partition, [1, 2])
  partition.apply({ ...state, leaderEpoch: 6 })
  append(partition, [3])
  expect(await endOf(exchange, 6)).toEqual([0, 6, 3])
  expect(await endOf(exchange, 7)).toEqual([0, -1, -1])
  expect(await endOf(exchange, -1)).toEqual([0, -1, -1])
  expect(await endOf(exchange, 1)).toEqual([0, 1, 0])
  expect(await endOf(exchange, 4)).toEqual([0, 3, 2])
  expect(await endOf(exchange, 6, { currentLeaderEpoch: 3 })).toEqual([74, -1, -1])
  expect(await endOf(exchange, 6, { partition: 9 })).toEqual([3, -1, -1])
})

test('OLE-05 the right to act for the cluster, or to describe the topic', async () => {
  const refused = [ErrorCode.TOPIC_AUTHORIZATION_FAILED, -1, -1]
  const both = setUp({ authorizer: denying('9 4 kafka-cluster', '8 2 a') })
  expect(await endOf(both.exchange, 3)).toEqual(refused)
  for (const denied of ['9 4 kafka-cluster', '8 2 a']) {
    const one = setUp({ authorizer: denying(denied) })
    expect((await endOf(one.exchange, 3))[0]).toBe(0)
  }
})

async function remove(exchange: TestExchange, offset: number, topic = 'a') {
  const { topics } = await exchange.send(DeleteRecordsRequest, DeleteRecordsResponse, 2, {
    timeoutMs: 1000,
    topics: [
      createDeleteRecordsRequestDeleteRecordsTopic({
        name: topic,
        partitions: [createDeleteRecordsRequestDeleteRecordsPartition({ offset })],
      }),
    ],
  })
  const { errorCode, lowWatermark } = topics[0]!.partitions[0]!
  return [errorCode, lowWatermark]
}

test('DRC-01 records before an offset, or all committed ones', async () => {
  const { exchange, partition } = setUp()
  append(partition, [1, 2, 3])
  expect(await remove(exchange, 1)).toEqual([0, 1])
  expect(await remove(exchange, 0)).toEqual([0, 1])
  expect(await remove(exchange, 4)).toEqual([ErrorCode.OFFSET_OUT_OF_RANGE, -1])
  expect(await remove(exchange, -2)).toEqual([ErrorCode.OFFSET_OUT_OF_RANGE, -1])
  expect(await remove(exchange, -1)).toEqual([0, 3])
  expect(partition.log.logStartOffset).toBe(3)
})

test('DRC-02 not of compacted and internal topics', async () => {
  const { exchange } = setUp()
  expect(await remove(exchange, 0, 'compacted')).toEqual([ErrorCode.POLICY_VIOLATION, -1])
  expect(await remove(exchange, 0, '__consumer_offsets')).toEqual([
    ErrorCode.INVALID_TOPIC_EXCEPTION,
    -1,
  ])
  expect(await remove(exchange, 0, 'missing')).toEqual([ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1])
})

test('DRC-03 deleting needs the right to delete from the topic', async () => {
  const { exchange } = setUp({ authorizer: denying('6 2 a') })
  expect(await remove(exchange, 0)).toEqual([ErrorCode.TOPIC_AUTHORIZATION_FAILED, -1])
})

test('DescribeProducers tells what a partition knows of its producers', async () => {
  const { exchange, partition } = setUp()
  append(partition, [1])
  append(partition, [5, 6], {
    producerId: 7,
    producerEpoch: 2,
    baseSequence: 10,
    isTransactional: true,
  })
  const response = await exchange.send(DescribeProducersRequest, DescribeProducersResponse, 0, {
    topics: [
      createDescribeProducersRequestTopicRequest({ name: 'a', partitionIndexes: [0, 1, 9] }),
    ],
  })
  expect(response.topics[0]!.partitions).toMatchObject([
    {
      partitionIndex: 0,
      errorCode: 0,
      activeProducers: [
        {
          producerId: 7,
          producerEpoch: 2,
          lastSequence: 11,
          lastTimestamp: 6,
          coordinatorEpoch: -1,
          currentTxnStartOffset: 1,
        },
      ],
    },
    { partitionIndex: 1, errorCode: 0, activeProducers: [] },
    { partitionIndex: 9, errorCode: ErrorCode.UNKNOWN_TOPIC_OR_PARTITION },
  ])
})
