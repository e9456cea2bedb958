/**
 * `uniform` for members with the same subscription. Every member may keep partitions up to its quota, which
 * is the share of each, or one more for as many members as there are odd partitions; what is above the
 * quota is taken, and what is taken or free fills up the others.
 */
import { assert } from '@barnabas/base'
import type { Uuid } from '@barnabas/protocol'
import { fromSets, type Assignment } from '../assignment.ts'
import {
  addTo,
  draftOf,
  type AssignorInput,
  type AssignorMember,
  type Draft,
  type Targets,
} from './assignor.ts'
import { inHashOrder } from './java-hash-map.ts'

interface TopicPartition {
  readonly topicId: Uuid
  readonly partition: number
}

interface Kept {
  readonly draft: Draft
  readonly unused: number
}

export function assignUniformSame(input: AssignorInput): Targets {
  const { members } = input
  const topicIds = inHashOrder(members[0]!.topicIds)
  if (topicIds.length === 0) return new Map()
  const free: TopicPartition[] = []
  const total = collectFree(input, topicIds, free)
  const share = Math.floor(total / members.length)
  let extra = total % members.length
  const drafts = new Map<string, Draft>()
  const unfilled: [draft: Draft, missing: number][] = []
  members.forEach((member, index) => {
    let hasExtra = extra > 0
    const { draft, unused } = keep(member, hasExtra ? share + 1 : share, free)
    let missing = unused
    // Enough members follow that can have the odd partition; this one need not be given another.
    if (missing > 0 && hasExtra && members.length - index > extra) {
      missing--
      hasExtra = false
    }
    if (missing > 0) unfilled.push([draft, missing])
    if (hasExtra) extra--
    drafts.set(member.memberId, draft)
  })
  let next = 0
  for (const [draft, missing] of unfilled) {
    for (let n = 0; n < missing && next < free.length; n++) {
      const { topicId, partition } = free[next++]!
      addTo(draft, topicId, partition)
    }
  }
  assert(next === free.length, 'partitions were left unassigned')
  const targets = new Map<string, Assignment>()
  for (const [memberId, draft] of drafts) targets.set(memberId, fromSets(draft))
  return targets
}

/** Adds the partitions nobody has to `free`; returns how many partitions there are. */
function collectFree(
  { members, partitionCount }: AssignorInput,
  topicIds: readonly Uuid[],
  free: TopicPartition[],
): number {
  const assigned: Draft = new Map()
  for (const { assignment } of members) {
    for (const [topicId, partitions] of assignment) {
      for (const partition of partitions) addTo(assigned, topicId, partition)
    }
  }
  let total = 0
  for (const topicId of topicIds) {
    const count = partitionCount(topicId)
    const taken = assigned.get(topicId)
    for (let partition = 0; partition < count; partition++) {
      if (taken === undefined || !taken.has(partition)) free.push({ topicId, partition })
    }
    total += count
  }
  return total
}

/** What the member keeps of its partitions; those above the quota become free. */
function keep(
  { assignment, topicIds }: AssignorMember,
  quota: number,
  free: TopicPartition[],
): Kept {
  const draft = draftOf(assignment)
  let unused = quota
  for (const topicId of inHashOrder(assignment.keys())) {
    if (!topicIds.has(topicId)) {
      draft.delete(topicId)
      continue
    }
    for (const partition of assignment.get(topicId)!) {
      if (unused > 0) {
        unused--
        continue
      }
      draft.get(topicId)!.delete(partition)
      free.push({ topicId, partition })
    }
  }
  return { draft, unused }
}
