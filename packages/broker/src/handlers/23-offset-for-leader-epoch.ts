/**
 * OffsetForLeaderEpoch, versions 2 to 4 (KIP-101, KIP-279, KIP-320): where an epoch ended, for followers
 * and consumers that must find out whether what they read still stands.
 */
import {
  createOffsetForLeaderEpochResponseEpochEndOffset,
  createOffsetForLeaderEpochResponseOffsetForLeaderTopicResult,
  ErrorCode,
  OffsetForLeaderEpochRequest,
  type OffsetForLeaderEpochRequestOffsetForLeaderPartition,
  OffsetForLeaderEpochResponse,
  type OffsetForLeaderEpochResponseEpochEndOffset,
} from '@barnabas/protocol'
import type { ClusterView } from '../cluster/cluster-view.ts'
import { findByName, type PartitionDirectory } from '../partition/partition-directory.ts'
import type { ConnectionInfo } from '../request/request-context.ts'
import {
  AclOperation,
  type Authorizer,
  CLUSTER_NAME,
  ResourceType,
} from '../security/authorizer.ts'
import { handler } from './handler.ts'

export interface OffsetForLeaderEpochServices {
  readonly cluster: ClusterView
  readonly authorizer: Authorizer
  readonly partitions: PartitionDirectory
}

export function offsetForLeaderEpoch(services: OffsetForLeaderEpochServices) {
  return handler({
    request: OffsetForLeaderEpochRequest,
    response: OffsetForLeaderEpochResponse,
    authorization: 'by-resource',
    handle: ({ connection }, request) =>
      answer(request, (topic, asked) =>
        mayAsk(services.authorizer, connection, topic)
          ? endOffset(services, topic, asked)
          : failed(asked, ErrorCode.TOPIC_AUTHORIZATION_FAILED),
      ),
    failure: (request, errorCode) => answer(request, (_topic, asked) => failed(asked, errorCode)),
  })
}

function answer(
  request: OffsetForLeaderEpochRequest,
  each: (
    topic: string,
    asked: OffsetForLeaderEpochRequestOffsetForLeaderPartition,
  ) => OffsetForLeaderEpochResponseEpochEndOffset,
): OffsetForLeaderEpochResponse {
  return OffsetForLeaderEpochResponse.create({
    topics: request.topics.map(({ topic, partitions }) =>
      createOffsetForLeaderEpochResponseOffsetForLeaderTopicResult({
        topic,
        partitions: partitions.map((asked) => each(topic, asked)),
      }),
    ),
  })
}

function mayAsk(authorizer: Authorizer, connection: ConnectionInfo, topic: string): boolean {
  const { CLUSTER_ACTION, DESCRIBE } = AclOperation
  return (
    authorizer.allows(connection, CLUSTER_ACTION, ResourceType.CLUSTER, CLUSTER_NAME) ||
    authorizer.allows(connection, DESCRIBE, ResourceType.TOPIC, topic)
  )
}

function endOffset(
  { cluster, partitions }: OffsetForLeaderEpochServices,
  topic: string,
  asked: OffsetForLeaderEpochRequestOffsetForLeaderPartition,
): OffsetForLeaderEpochResponseEpochEndOffset {
  const partition = findByName(cluster, partitions, topic, asked.partition)
  if (typeof partition === 'number') return failed(asked, partition)
  const problem = partition.leaderProblem(asked.currentLeaderEpoch)
  if (problem !== ErrorCode.NONE) return failed(asked, problem)
  const found = partition.log.endOffsetForEpoch(asked.leaderEpoch)
  return createOffsetForLeaderEpochResponseEpochEndOffset({
    partition: asked.partition,
    leaderEpoch: found.epoch,
    endOffset: found.endOffset,
  })
}

function failed(
  { partition }: OffsetForLeaderEpochRequestOffsetForLeaderPartition,
  errorCode: number,
): OffsetForLeaderEpochResponseEpochEndOffset {
  return createOffsetForLeaderEpochResponseEpochEndOffset({ partition, errorCode })
}
