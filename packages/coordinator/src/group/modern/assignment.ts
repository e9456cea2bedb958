/**
 * Which partitions somebody has: partition numbers by topic id. Immutable; partitions ascend, and a topic
 * without partitions is left out, so that equal assignments look equal.
 */
import type { Uuid } from '@barnabas/protocol'

export type Assignment = ReadonlyMap<Uuid, readonly number[]>

export const EMPTY_ASSIGNMENT: Assignment = new Map()

/** As requests, responses and records have it. */
export interface TopicPartitions {
  readonly topicId: Uuid
  readonly partitions: readonly number[]
}

export function toAssignment(topics: Iterable<TopicPartitions>): Assignment {
  const assignment = new Map<Uuid, readonly number[]>()
  for (const { topicId, partitions } of topics) {
    if (partitions.length > 0) assignment.set(topicId, ascending(partitions))
  }
  return assignment
}

export function fromSets(topics: Iterable<[Uuid, ReadonlySet<number>]>): Assignment {
  const assignment = new Map<Uuid, readonly number[]>()
  for (const [topicId, partitions] of topics) {
    if (partitions.size > 0) assignment.set(topicId, ascending(partitions))
  }
  return assignment
}

export function sameAssignment(one: Assignment, other: Assignment): boolean {
  if (one === other) return true
  if (one.size !== other.size) return false
  for (const [topicId, partitions] of one) {
    const others = other.get(topicId)
    if (others === undefined || !sameNumbers(partitions, others)) return false
  }
  return true
}

export function sameNumbers(some: readonly number[], others: readonly number[]): boolean {
  return some.length === others.length && some.every((number, n) => number === others[n])
}

export function partitionCountOf(assignment: Assignment): number {
  let count = 0
  for (const partitions of assignment.values()) count += partitions.length
  return count
}

function ascending(partitions: Iterable<number>): number[] {
  return [...partitions].sort((one, other) => one - other)
}
