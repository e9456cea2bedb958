/** More partitions for topics that are there (CreatePartitions). */
import {
  type CreatePartitionsRequest,
  type CreatePartitionsRequestCreatePartitionsTopic,
  CreatePartitionsResponse,
  createCreatePartitionsResponseCreatePartitionsTopicResult,
  ErrorCode,
} from '@barnabas/protocol'
import { metadataLevel, type TopicImage } from '../image/cluster-image.ts'
import { partitionRecord } from '../image/image-records.ts'
import type { MetadataRecord } from '../records/metadata-record.ts'
import type { ControllerContext } from './context.ts'
import { checkManualAssignment, newPartition, placeNewPartitions } from './new-partitions.ts'
import { apiError, checkRecordCount, type Outcome, partOf } from './outcome.ts'

type Growth = CreatePartitionsRequestCreatePartitionsTopic

/** What the asking principal may do, and what its quota allows. All is allowed when absent. */
export interface PartitionAccess {
  mayAlter?(topicName: string): boolean
  /** Throws THROTTLING_QUOTA_EXCEEDED when so many more partitions are too many for now. */
  chargePartitions?(count: number): void
}

export function createPartitions(
  context: ControllerContext,
  request: CreatePartitionsRequest,
  access: PartitionAccess = {},
): Outcome<CreatePartitionsResponse> {
  const records: MetadataRecord[] = []
  const names = request.topics.map((topic) => topic.name)
  const results = new Map<string, ReturnType<typeof resultOf>>()
  for (const topic of request.topics) {
    const error = partOf(records, () => {
      if (names.filter((name) => name === topic.name).length > 1) {
        throw apiError(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.')
      }
      if (access.mayAlter?.(topic.name) === false) {
        throw apiError(ErrorCode.TOPIC_AUTHORIZATION_FAILED)
      }
      grow(context, topic, access, records)
    })
    results.set(topic.name, resultOf({ name: topic.name, ...error }))
  }
  checkRecordCount(records)
  return {
    records: request.validateOnly ? [] : records,
    response: CreatePartitionsResponse.create({ results: [...results.values()] }),
  }
}

const resultOf = createCreatePartitionsResponseCreatePartitionsTopicResult

function grow(
  context: ControllerContext,
  growth: Growth,
  access: PartitionAccess,
  records: MetadataRecord[],
): void {
  const topic = context.image.topics.byName.get(growth.name)
  if (topic === undefined) throw apiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  const additional = additionalPartitions(topic, growth)
  access.chargePartitions?.(additional)
  const replicationFactor = topic.partitions[0]!.replicas.length
  const placements =
    growth.assignments === null
      ? placeNewPartitions(context, additional, replicationFactor)
      : growth.assignments.map(({ brokerIds }) => {
          checkManualAssignment(context.image, brokerIds, replicationFactor)
          return brokerIds
        })
  placements.forEach((replicas, n) => {
    const partition = newPartition(context.image, replicas)
    const id = topic.partitions.length + n
    records.push(partitionRecord(topic.id, id, partition, metadataLevel(context.image)))
  })
}

function additionalPartitions(topic: TopicImage, { count, assignments }: Growth): number {
  const present = topic.partitions.length
  if (count === present) {
    throw apiError(ErrorCode.INVALID_PARTITIONS, `Topic already has ${present} partition(s).`)
  }
  if (count < present) {
    throw apiError(
      ErrorCode.INVALID_PARTITIONS,
      `The topic ${topic.name} currently has ${present} partition(s); ${count} would not be an increase.`,
    )
  }
  const additional = count - present
  if (assignments !== null && assignments.length !== additional) {
    throw apiError(
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      `Attempted to add ${additional} additional partition(s), but ${assignments.length} assignment(s) were specified.`,
    )
  }
  return additional
}
