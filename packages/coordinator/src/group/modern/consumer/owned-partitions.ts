/**
 * Partitions a member has, each with the epoch in which it got it (KIP-1251): a commit that was sent in an
 * earlier epoch still counts for partitions the member has had since then.
 */
import {
  createConsumerGroupCurrentMemberAssignmentValueTopicPartitions,
  type ConsumerGroupCurrentMemberAssignmentValueTopicPartitions,
  type Uuid,
} from '@barnabas/protocol'
import { toAssignment, type Assignment, type TopicPartitions } from '../assignment.ts'

/** Epochs by partition by topic id. Immutable; a topic without partitions is left out. */
export type OwnedPartitions = ReadonlyMap<Uuid, ReadonlyMap<number, number>>

export const NOTHING_OWNED: OwnedPartitions = new Map()

/** A record without epochs, as brokers before 4.3 wrote them, counts as of the member's epoch. */
export function fromStored(
  topics: readonly ConsumerGroupCurrentMemberAssignmentValueTopicPartitions[],
  memberEpoch: number,
): OwnedPartitions {
  const owned = new Map<Uuid, ReadonlyMap<number, number>>()
  for (const { topicId, partitions, assignmentEpochs } of topics) {
    if (partitions.length === 0) continue
    const known = assignmentEpochs !== null && assignmentEpochs.length === partitions.length
    const epochs = new Map<number, number>()
    partitions.forEach((partition, n) => {
      epochs.set(partition, known ? assignmentEpochs[n]! : Math.max(memberEpoch, 0))
    })
    owned.set(topicId, epochs)
  }
  return owned
}

export function toStored(
  owned: OwnedPartitions,
): ConsumerGroupCurrentMemberAssignmentValueTopicPartitions[] {
  return topicPartitionsOf(owned).map(({ topicId, partitions }) => {
    const epochs = owned.get(topicId)!
    return createConsumerGroupCurrentMemberAssignmentValueTopicPartitions({
      topicId,
      partitions,
      assignmentEpochs: partitions.map((partition) => epochs.get(partition)!),
    })
  })
}

export function topicPartitionsOf(
  owned: OwnedPartitions,
): { topicId: Uuid; partitions: number[] }[] {
  return [...owned].map(([topicId, epochs]) => {
    return { topicId, partitions: [...epochs.keys()].sort((one, other) => one - other) }
  })
}

/** All partitions of an assignment, since one epoch. */
export function ownedSince(assignment: Assignment, epoch: number): OwnedPartitions {
  const owned = new Map<Uuid, ReadonlyMap<number, number>>()
  for (const [topicId, partitions] of assignment) {
    owned.set(topicId, new Map(partitions.map((partition) => [partition, epoch])))
  }
  return owned
}

export function withoutEpochs(owned: OwnedPartitions): Assignment {
  return toAssignment(topicPartitionsOf(owned))
}

export function sameOwned(one: OwnedPartitions, other: OwnedPartitions): boolean {
  if (one === other) return true
  if (one.size !== other.size) return false
  for (const [topicId, epochs] of one) {
    const others = other.get(topicId)
    if (others === undefined || others.size !== epochs.size) return false
    for (const [partition, epoch] of epochs) if (others.get(partition) !== epoch) return false
  }
  return true
}

/** Whether all partitions are among those owned. */
export function ownsAll(owned: OwnedPartitions, topics: readonly TopicPartitions[]): boolean {
  return topics.every(({ topicId, partitions }) => {
    const epochs = owned.get(topicId)
    return epochs !== undefined && partitions.every((partition) => epochs.has(partition))
  })
}

/** Whether any of the partitions is among those owned. */
export function ownsAny(owned: OwnedPartitions, topics: readonly TopicPartitions[]): boolean {
  return topics.some(({ topicId, partitions }) => {
    const epochs = owned.get(topicId)
    return epochs !== undefined && partitions.some((partition) => epochs.has(partition))
  })
}

export function epochOf(owned: OwnedPartitions, topicId: Uuid, partition: number): number | null {
  return owned.get(topicId)?.get(partition) ?? null
}
