/**
 * ListOffsets, versions 1 to 11: the offset at a time, or the first or last one. v2 (KIP-98): isolation.
 * v4 (KIP-320): leader epochs. v5 (KIP-207): an error of its own for a leader that is not ready. v7
 * (KIP-734), v8 (KIP-405), v9 (KIP-1005), v11 (KIP-1023): further special times.
 */
import {
  createListOffsetsResponseListOffsetsPartitionResponse,
  createListOffsetsResponseListOffsetsTopicResponse,
  ErrorCode,
  ListOffsetsRequest,
  type ListOffsetsRequestListOffsetsPartition,
  type ListOffsetsRequestListOffsetsTopic,
  ListOffsetsResponse,
  type ListOffsetsResponseListOffsetsPartitionResponse,
  type ListOffsetsResponseListOffsetsTopicResponse,
} from '@barnabas/protocol'
import type { ClusterView } from '../cluster/cluster-view.ts'
import type { ReadIsolation } from '../fetch/readable-partition.ts'
import { errorCodeOf } from '../partition/log-errors.ts'
import { isTimestampSupported, lookUpOffset } from '../partition/offset-lookup.ts'
import { findByName, type PartitionDirectory } from '../partition/partition-directory.ts'
import type { RequestContext } from '../request/request-context.ts'
import { AclOperation, type Authorizer, ResourceType } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export interface ListOffsetsServices {
  readonly cluster: ClusterView
  readonly authorizer: Authorizer
  readonly partitions: PartitionDirectory
}

/** Replica ids: of consumers, and of tools that want to see what a replica sees. */
const CONSUMER = -1
const READ_COMMITTED = 1
const OFFSET_NOT_AVAILABLE_SINCE = 5

export function listOffsets(services: ListOffsetsServices) {
  return handler({
    request: ListOffsetsRequest,
    response: ListOffsetsResponse,
    authorization: 'by-resource',
    async handle(context, request) {
      const lookups = new Lookups(services, context, request)
      const topics = await Promise.all(request.topics.map((topic) => lookups.ofTopic(topic)))
      return ListOffsetsResponse.create({ topics })
    },
    failure: (request, errorCode) =>
      ListOffsetsResponse.create({
        topics: request.topics.map((topic) => failedTopic(topic, errorCode)),
      }),
  })
}

class Lookups {
  private readonly services: ListOffsetsServices
  private readonly context: RequestContext
  private readonly isolation: ReadIsolation
  /** `topic partition` of what is asked for more than once. */
  private readonly repeated = new Set<string>()

  constructor(services: ListOffsetsServices, context: RequestContext, request: ListOffsetsRequest) {
    this.services = services
    this.context = context
    this.isolation = isolationOf(request)
    const seen = new Set<string>()
    for (const { name, partitions } of request.topics) {
      for (const { partitionIndex } of partitions) {
        const key = `${name} ${partitionIndex}`
        if (seen.has(key)) this.repeated.add(key)
        seen.add(key)
      }
    }
  }

  async ofTopic(
    topic: ListOffsetsRequestListOffsetsTopic,
  ): Promise<ListOffsetsResponseListOffsetsTopicResponse> {
    const { name } = topic
    const { connection } = this.context
    const { authorizer } = this.services
    if (!authorizer.allows(connection, AclOperation.DESCRIBE, ResourceType.TOPIC, name)) {
      return failedTopic(topic, ErrorCode.TOPIC_AUTHORIZATION_FAILED)
    }
    const partitions = topic.partitions.map((asked) => this.ofPartition(name, asked))
    return createListOffsetsResponseListOffsetsTopicResponse({
      name,
      partitions: await Promise.all(partitions),
    })
  }

  private async ofPartition(
    topic: string,
    asked: ListOffsetsRequestListOffsetsPartition,
  ): Promise<ListOffsetsResponseListOffsetsPartitionResponse> {
    const { partitionIndex, timestamp, currentLeaderEpoch } = asked
    const fail = (errorCode: number) => failedPartition(partitionIndex, errorCode)
    if (this.repeated.has(`${topic} ${partitionIndex}`)) return fail(ErrorCode.INVALID_REQUEST)
    const { apiVersion } = this.context
    if (!isTimestampSupported(timestamp, apiVersion)) return fail(ErrorCode.UNSUPPORTED_VERSION)
    const { cluster, partitions } = this.services
    const partition = findByName(cluster, partitions, topic, partitionIndex)
    if (typeof partition === 'number') return fail(partition)
    const problem = partition.leaderProblem(currentLeaderEpoch)
    if (problem !== ErrorCode.NONE) return fail(problem)
    try {
      const {
        offset,
        timestamp: at,
        leaderEpoch,
      } = await lookUpOffset(partition, timestamp, this.isolation)
      return createListOffsetsResponseListOffsetsPartitionResponse({
        partitionIndex,
        offset,
        timestamp: at,
        // Versions that lack the field know no epochs.
        leaderEpoch: apiVersion >= 4 ? leaderEpoch : -1,
      })
    } catch (error) {
      return fail(this.told(errorCodeOf(error)))
    }
  }

  private told(errorCode: number): number {
    const tooNew =
      errorCode === ErrorCode.OFFSET_NOT_AVAILABLE &&
      this.context.apiVersion < OFFSET_NOT_AVAILABLE_SINCE
    return tooNew ? ErrorCode.LEADER_NOT_AVAILABLE : errorCode
  }
}

function isolationOf({ replicaId, isolationLevel }: ListOffsetsRequest): ReadIsolation {
  if (replicaId !== CONSUMER) return 'log-end'
  return isolationLevel === READ_COMMITTED ? 'committed' : 'uncommitted'
}

function failedTopic(
  { name, partitions }: ListOffsetsRequestListOffsetsTopic,
  errorCode: number,
): ListOffsetsResponseListOffsetsTopicResponse {
  return createListOffsetsResponseListOffsetsTopicResponse({
    name,
    partitions: partitions.map(({ partitionIndex }) => failedPartition(partitionIndex, errorCode)),
  })
}

function failedPartition(
  partitionIndex: number,
  errorCode: number,
): ListOffsetsResponseListOffsetsPartitionResponse {
  return createListOffsetsResponseListOffsetsPartitionResponse({
    partitionIndex,
    errorCode,
    offset: -1,
    timestamp: -1,
  })
}
