/**
 * Moving replicas (KIP-455). A reassignment goes in two records:
 *
 *   1. the new replicas join the replica list, `addingReplicas` and `removingReplicas` say what is going on;
 *   2. once all that shall stay are in sync, the others leave. Whoever makes the change that gets them
 *      there (usually the leader's AlterPartition) also makes this one; see partition-change.ts.
 *
 * A mere change of order needs no waiting and is done at once.
 */
import {
  type AlterPartitionReassignmentsRequest,
  type AlterPartitionReassignmentsRequestReassignablePartition,
  AlterPartitionReassignmentsResponse,
  ErrorCode,
  type ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from '@barnabas/protocol'
import type { ClusterImage, TopicImage } from '../image/cluster-image.ts'
import { isReassigning, type PartitionImage } from '../image/partition-image.ts'
import type { MetadataRecord } from '../records/metadata-record.ts'
import { type ControllerContext, partitionChangeRecord } from './context.ts'
import { electionAllowed, isUncleanAllowed } from './elections.ts'
import { checkManualAssignment } from './new-partitions.ts'
import { apiError, checkRecordCount, type Outcome, partOf } from './outcome.ts'

type Reassignment = AlterPartitionReassignmentsRequestReassignablePartition

export function alterPartitionReassignments(
  context: ControllerContext,
  request: AlterPartitionReassignmentsRequest,
): Outcome<AlterPartitionReassignmentsResponse> {
  const { allowReplicationFactorChange } = request
  const records: MetadataRecord[] = []
  const responses = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map((wanted) => ({
      partitionIndex: wanted.partitionIndex,
      ...partOf(records, () => {
        const record = reassign(context, name, wanted, allowReplicationFactorChange)
        if (record !== null) records.push(record)
      }),
      unknownTaggedFields: null,
    })),
    unknownTaggedFields: null,
  }))
  checkRecordCount(records)
  const response = AlterPartitionReassignmentsResponse.create({
    allowReplicationFactorChange,
    responses,
  })
  return { records, response }
}

function reassign(
  context: ControllerContext,
  topicName: string,
  wanted: Reassignment,
  mayChangeFactor: boolean,
): MetadataRecord | null {
  const topic = context.image.topics.byName.get(topicName)
  const partition = topic?.partitions[wanted.partitionIndex]
  if (topic === undefined || partition === undefined) {
    throw apiError(
      ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
      `Unable to find partition ${topicName}:${wanted.partitionIndex}.`,
    )
  }
  return wanted.replicas === null
    ? cancel(context, topic, wanted.partitionIndex, partition)
    : begin(context, topic, wanted.partitionIndex, partition, wanted.replicas, mayChangeFactor)
}

function begin(
  context: ControllerContext,
  topic: TopicImage,
  partitionId: number,
  partition: PartitionImage,
  replicas: readonly number[],
  mayChangeFactor: boolean,
): MetadataRecord | null {
  checkManualAssignment(context.image, replicas, null)
  const present = partition.replicas.length - partition.addingReplicas.length
  if (!mayChangeFactor && replicas.length !== present) {
    throw apiError(
      ErrorCode.INVALID_REPLICATION_FACTOR,
      `The replication factor of ${topic.name}:${partitionId} would change from ${present} to ${replicas.length}.`,
    )
  }
  const removing = partition.replicas.filter((id) => !replicas.includes(id)).sort(byNumber)
  const adding = replicas.filter((id) => !partition.replicas.includes(id)).sort(byNumber)
  return partitionChangeRecord(context, topic, partitionId, {
    replicas: [...replicas, ...removing],
    removingReplicas: removing,
    addingReplicas: adding,
  })
}

/** Back to the replicas that were there before. */
function cancel(
  context: ControllerContext,
  topic: TopicImage,
  partitionId: number,
  partition: PartitionImage,
): MetadataRecord | null {
  if (!isReassigning(partition)) throw apiError(ErrorCode.NO_REASSIGNMENT_IN_PROGRESS)
  const { addingReplicas } = partition
  const replicas = partition.replicas.filter((id) => !addingReplicas.includes(id))
  let isr = partition.isr.filter((id) => !addingReplicas.includes(id))
  if (isr.length === 0) {
    // Only new replicas are in sync: going back means to trust one that is not.
    if (replicas.length === 0 || !isUncleanAllowed(context, topic)) {
      throw apiError(
        ErrorCode.INVALID_REPLICA_ASSIGNMENT,
        `Unable to revert partition assignment for ${topic.name}:${partitionId} because it would require an unclean leader election.`,
      )
    }
    isr = [replicas[0]!]
  }
  return partitionChangeRecord(context, topic, partitionId, {
    election: electionAllowed(context, topic),
    isr,
    replicas,
    removingReplicas: [],
    addingReplicas: [],
  })
}

/** What is being moved; of all topics when the request names none. */
export function listPartitionReassignments(
  image: ClusterImage,
  request: ListPartitionReassignmentsRequest,
): ListPartitionReassignmentsResponse {
  const wanted =
    request.topics === null
      ? [...image.topics.byId.values()].map(
          (topic) => [topic, [...topic.partitions.keys()]] as const,
        )
      : request.topics.flatMap(({ name, partitionIndexes }) => {
          const topic = image.topics.byName.get(name)
          return topic === undefined ? [] : [[topic, partitionIndexes] as const]
        })
  const topics = []
  for (const [topic, indexes] of wanted) {
    const partitions = indexes.flatMap((partitionIndex) => {
      const partition = topic.partitions[partitionIndex]
      return partition === undefined || !isReassigning(partition)
        ? []
        : [ongoing(partitionIndex, partition)]
    })
    if (partitions.length > 0) {
      topics.push({ name: topic.name, partitions, unknownTaggedFields: null })
    }
  }
  return ListPartitionReassignmentsResponse.create({ topics })
}

function ongoing(partitionIndex: number, partition: PartitionImage) {
  return {
    partitionIndex,
    replicas: [...partition.replicas],
    addingReplicas: [...partition.addingReplicas],
    removingReplicas: [...partition.removingReplicas],
    unknownTaggedFields: null,
  }
}

function byNumber(left: number, right: number): number {
  return left - right
}
