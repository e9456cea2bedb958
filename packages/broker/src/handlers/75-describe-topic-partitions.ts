/**
 * DescribeTopicPartitions, version 0 (KIP-966): topics page by page, in the order of their names, with the
 * replicas that may become leader outside of the ISR.
 */
import { ApiError } from '@barnabas/base'
import type { TopicImage } from '@barnabas/metadata'
import {
  createDescribeTopicPartitionsResponseCursor,
  createDescribeTopicPartitionsResponsePartition,
  createDescribeTopicPartitionsResponseTopic,
  DescribeTopicPartitionsRequest,
  DescribeTopicPartitionsResponse,
  type DescribeTopicPartitionsResponseTopic,
  ErrorCode,
} from '@barnabas/protocol'
import { aliveBrokers, type ClusterView } from '../cluster/cluster-view.ts'
import { describePartition } from '../cluster/partition-description.ts'
import { isInternalTopic, isTopicName } from '../cluster/topic-names.ts'
import type { RequestContext } from '../request/request-context.ts'
import {
  AclOperation,
  type Authorizer,
  authorizedOperations,
  ResourceType,
} from '../security/authorizer.ts'
import { handler } from './handler.ts'

export interface DescribeTopicPartitionsServices {
  readonly cluster: ClusterView
  readonly authorizer: Authorizer
  /** `max.request.partition.size.limit` */
  maxPartitions(): number
}

const RULES = { onlyReachable: false, knowsListenerNotFound: true }

export function describeTopicPartitions(services: DescribeTopicPartitionsServices) {
  return handler({
    request: DescribeTopicPartitionsRequest,
    response: DescribeTopicPartitionsResponse,
    authorization: 'by-resource',
    handle: (context, request) => answer(services, context, request),
    failure: (request, errorCode) =>
      DescribeTopicPartitionsResponse.create({
        topics: request.topics.map(({ name }) =>
          createDescribeTopicPartitionsResponseTopic({ errorCode, name }),
        ),
      }),
  })
}

function answer(
  services: DescribeTopicPartitionsServices,
  context: RequestContext,
  request: DescribeTopicPartitionsRequest,
): DescribeTopicPartitionsResponse {
  const { cursor } = request
  if (cursor !== null && cursor.partitionIndex < 0) {
    throw new ApiError(ErrorCode.INVALID_REQUEST, 'the partition of the cursor is negative')
  }
  const { byName } = services.cluster.image().topics
  const alive = new Set(aliveBrokers(services.cluster, context.connection).map(({ id }) => id))
  const wantsAll = request.topics.length === 0
  const from = cursor?.topicName ?? ''
  const asked = wantsAll ? byName.keys() : request.topics.map(({ name }) => name)
  const names = [...new Set(asked)].filter((name) => name >= from).sort()
  const response = DescribeTopicPartitionsResponse.create()
  const refused: DescribeTopicPartitionsResponseTopic[] = []
  let room = Math.max(1, Math.min(services.maxPartitions(), request.responsePartitionLimit))
  for (const name of names) {
    if (!mayDescribe(services, context, name)) {
      if (!wantsAll) refused.push(failed(ErrorCode.TOPIC_AUTHORIZATION_FAILED, name))
      continue
    }
    if (response.nextCursor !== null) continue
    if (room === 0) {
      response.nextCursor = createDescribeTopicPartitionsResponseCursor({ topicName: name })
      continue
    }
    const topic = byName.get(name)
    if (topic === undefined) {
      if (!wantsAll) response.topics.push(missing(name))
      continue
    }
    const first = name === from ? (cursor?.partitionIndex ?? 0) : 0
    const end = Math.min(first + room, topic.partitions.length)
    response.topics.push(describe(services, context, alive, topic, first, end))
    room -= Math.max(0, end - first)
    if (end < topic.partitions.length) {
      response.nextCursor = createDescribeTopicPartitionsResponseCursor({
        topicName: name,
        partitionIndex: end,
      })
    }
  }
  response.topics.push(...refused)
  return response
}

function mayDescribe(
  { authorizer }: DescribeTopicPartitionsServices,
  { connection }: RequestContext,
  name: string,
): boolean {
  return authorizer.allows(connection, AclOperation.DESCRIBE, ResourceType.TOPIC, name)
}

function describe(
  services: DescribeTopicPartitionsServices,
  { connection }: RequestContext,
  alive: ReadonlySet<number>,
  topic: TopicImage,
  first: number,
  end: number,
): DescribeTopicPartitionsResponseTopic {
  const { cluster, authorizer } = services
  const image = cluster.image()
  const partitions = topic.partitions.slice(first, end).map((partition, at) => {
    const described = describePartition(image, partition, (id) => alive.has(id), RULES)
    return createDescribeTopicPartitionsResponsePartition({
      partitionIndex: first + at,
      leaderId: described.leader,
      leaderEpoch: partition.leaderEpoch,
      replicaNodes: described.replicas,
      isrNodes: described.isr,
      eligibleLeaderReplicas: [...partition.eligibleLeaderReplicas],
      lastKnownElr: [...partition.lastKnownElr],
      offlineReplicas: described.offlineReplicas,
    })
  })
  return createDescribeTopicPartitionsResponseTopic({
    name: topic.name,
    topicId: topic.id,
    isInternal: isInternalTopic(topic.name),
    partitions,
    topicAuthorizedOperations: authorizedOperations(
      authorizer,
      connection,
      ResourceType.TOPIC,
      topic.name,
    ),
  })
}

function missing(name: string): DescribeTopicPartitionsResponseTopic {
  return failed(
    isTopicName(name) ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.INVALID_TOPIC_EXCEPTION,
    name,
  )
}

function failed(errorCode: number, name: string): DescribeTopicPartitionsResponseTopic {
  const isInternal = isInternalTopic(name)
  return createDescribeTopicPartitionsResponseTopic({ errorCode, name, isInternal })
}
