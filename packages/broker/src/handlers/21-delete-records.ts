/**
 * DeleteRecords, versions 0 to 2 (KIP-107): makes what lies before an offset unreadable, and in time frees
 * its space.
 */
import { ApiError } from '@barnabas/base'
import {
  createDeleteRecordsResponseDeleteRecordsPartitionResult,
  createDeleteRecordsResponseDeleteRecordsTopicResult,
  DeleteRecordsRequest,
  DeleteRecordsResponse,
  type DeleteRecordsResponseDeleteRecordsPartitionResult,
  ErrorCode,
} from '@barnabas/protocol'
import type { ClusterView } from '../cluster/cluster-view.ts'
import { isInternalTopic } from '../cluster/topic-names.ts'
import { errorCodeOf } from '../partition/log-errors.ts'
import { findByName, type PartitionDirectory } from '../partition/partition-directory.ts'
import { AclOperation, type Authorizer, ResourceType } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export interface DeleteRecordsServices {
  readonly cluster: ClusterView
  readonly authorizer: Authorizer
  readonly partitions: PartitionDirectory
}

export function deleteRecords(services: DeleteRecordsServices) {
  return handler({
    request: DeleteRecordsRequest,
    response: DeleteRecordsResponse,
    authorization: 'by-resource',
    handle: ({ connection }, request) =>
      answer(request, (topic, partition, offset) => {
        const { authorizer } = services
        if (!authorizer.allows(connection, AclOperation.DELETE, ResourceType.TOPIC, topic)) {
          throw new ApiError(ErrorCode.TOPIC_AUTHORIZATION_FAILED)
        }
        return deleteBefore(services, topic, partition, offset)
      }),
    failure: (request, errorCode) =>
      answer(request, () => {
        throw new ApiError(errorCode)
      }),
  })
}

function answer(
  request: DeleteRecordsRequest,
  lowWatermarkOf: (topic: string, partition: number, offset: number) => number,
): DeleteRecordsResponse {
  return DeleteRecordsResponse.create({
    topics: request.topics.map(({ name, partitions }) =>
      createDeleteRecordsResponseDeleteRecordsTopicResult({
        name,
        partitions: partitions.map(({ partitionIndex, offset }) =>
          result(partitionIndex, () => lowWatermarkOf(name, partitionIndex, offset)),
        ),
      }),
    ),
  })
}

function result(
  partitionIndex: number,
  run: () => number,
): DeleteRecordsResponseDeleteRecordsPartitionResult {
  try {
    return createDeleteRecordsResponseDeleteRecordsPartitionResult({
      partitionIndex,
      lowWatermark: run(),
    })
  } catch (error) {
    return createDeleteRecordsResponseDeleteRecordsPartitionResult({
      partitionIndex,
      lowWatermark: -1,
      errorCode: errorCodeOf(error),
    })
  }
}

function deleteBefore(
  { cluster, partitions }: DeleteRecordsServices,
  topic: string,
  index: number,
  offset: number,
): number {
  const partition = findByName(cluster, partitions, topic, index)
  if (typeof partition === 'number') throw new ApiError(partition)
  if (isInternalTopic(topic)) throw new ApiError(ErrorCode.INVALID_TOPIC_EXCEPTION)
  if (!partition.log.config.cleanup.delete) {
    throw new ApiError(
      ErrorCode.POLICY_VIOLATION,
      `records of ${topic} are removed by compaction only (cleanup.policy=compact)`,
    )
  }
  return partition.deleteRecords(offset)
}
