/**
 * DescribeProducers, version 0 (KIP-664): the producers that a partition knows, with their open
 * transactions, for the hunt after those that hang.
 */
import {
  createDescribeProducersResponsePartitionResponse,
  createDescribeProducersResponseProducerState,
  createDescribeProducersResponseTopicResponse,
  DescribeProducersRequest,
  DescribeProducersResponse,
  type DescribeProducersResponsePartitionResponse,
  ErrorCode,
} from '@barnabas/protocol'
import type { ClusterView } from '../cluster/cluster-view.ts'
import type { Partition } from '../partition/partition.ts'
import { findByName, type PartitionDirectory } from '../partition/partition-directory.ts'
import { AclOperation, type Authorizer, ResourceType } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export interface DescribeProducersServices {
  readonly cluster: ClusterView
  readonly authorizer: Authorizer
  readonly partitions: PartitionDirectory
}

export function describeProducers(services: DescribeProducersServices) {
  const { cluster, authorizer, partitions } = services
  return handler({
    request: DescribeProducersRequest,
    response: DescribeProducersResponse,
    authorization: 'by-resource',
    handle: ({ connection }, request) =>
      answer(request, (topic, index) => {
        if (!authorizer.allows(connection, AclOperation.READ, ResourceType.TOPIC, topic)) {
          return failed(index, ErrorCode.TOPIC_AUTHORIZATION_FAILED)
        }
        const partition = findByName(cluster, partitions, topic, index)
        if (typeof partition === 'number') return failed(index, partition)
        const problem = partition.leaderProblem(-1)
        return problem === ErrorCode.NONE ? describe(partition) : failed(index, problem)
      }),
    failure: (request, errorCode) => answer(request, (_topic, index) => failed(index, errorCode)),
  })
}

function answer(
  request: DescribeProducersRequest,
  each: (topic: string, index: number) => DescribeProducersResponsePartitionResponse,
): DescribeProducersResponse {
  return DescribeProducersResponse.create({
    topics: request.topics.map(({ name, partitionIndexes }) =>
      createDescribeProducersResponseTopicResponse({
        name,
        partitions: partitionIndexes.map((index) => each(name, index)),
      }),
    ),
  })
}

function describe(partition: Partition): DescribeProducersResponsePartitionResponse {
  const activeProducers = [...partition.log.producers.entries()].map((entry) =>
    createDescribeProducersResponseProducerState({
      producerId: entry.producerId,
      producerEpoch: entry.epoch,
      lastSequence: entry.lastSequence,
      lastTimestamp: entry.lastTimestamp,
      coordinatorEpoch: entry.coordinatorEpoch,
      currentTxnStartOffset: entry.currentTransactionFirstOffset,
    }),
  )
  return createDescribeProducersResponsePartitionResponse({
    partitionIndex: partition.index,
    activeProducers,
  })
}

function failed(
  partitionIndex: number,
  errorCode: number,
): DescribeProducersResponsePartitionResponse {
  return createDescribeProducersResponsePartitionResponse({ partitionIndex, errorCode })
}
