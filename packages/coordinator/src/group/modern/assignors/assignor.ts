/**
 * What an assignor of the server is given and gives: it spreads the partitions of all subscribed topics
 * over the members of a group, without moving more of them than it must.
 */
import type { Uuid } from '@barnabas/protocol'
import type { Assignment } from '../assignment.ts'

export interface AssignorMember {
  readonly memberId: string
  readonly instanceId: string | null
  /** Subscribed topics that exist. */
  readonly topicIds: ReadonlySet<Uuid>
  /** Its target so far. */
  readonly assignment: Assignment
}

export interface AssignorInput {
  /** At least one. Their order decides who gets the odd partition. */
  readonly members: readonly AssignorMember[]
  /** All members subscribe to the same topics. */
  readonly homogeneous: boolean
  partitionCount(topicId: Uuid): number
  /** False: the partition must not be given to anybody yet. */
  isAssignable(topicId: Uuid, partition: number): boolean
}

/** The new target of members by id; who is missing gets nothing. */
export type Targets = Map<string, Assignment>

export type Assignor = (input: AssignorInput) => Targets

/** An assignment while it is worked on. */
export type Draft = Map<Uuid, Set<number>>

export function draftOf(assignment: Assignment): Draft {
  const draft: Draft = new Map()
  for (const [topicId, partitions] of assignment) draft.set(topicId, new Set(partitions))
  return draft
}

export function addTo(draft: Draft, topicId: Uuid, partition: number): void {
  const partitions = draft.get(topicId)
  if (partitions === undefined) draft.set(topicId, new Set([partition]))
  else partitions.add(partition)
}
