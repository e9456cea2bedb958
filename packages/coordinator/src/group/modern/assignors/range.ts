/**
 * The `range` assignor: each topic is cut into one stretch a member. Members are ordered by id, static ones
 * first and by instance id, so that topics with equally many partitions are cut alike: who reads partition
 * 3 of one reads partition 3 of the other. What a member had before does not count.
 */
import type { Uuid } from '@barnabas/protocol'
import type { AssignorInput, AssignorMember, Targets } from './assignor.ts'

interface Cut {
  readonly partitionCount: number
  readonly share: number
  /** How many more members get one partition above the share. */
  extra: number
  next: number
}

export function assignRange(input: AssignorInput): Targets {
  const { members } = input
  const subscribers = new Map<Uuid, number>()
  for (const { topicIds } of members) {
    for (const topicId of topicIds) subscribers.set(topicId, (subscribers.get(topicId) ?? 0) + 1)
  }
  const cuts = new Map<Uuid, Cut>()
  for (const [topicId, count] of subscribers) {
    const partitionCount = input.partitionCount(topicId)
    const share = Math.floor(partitionCount / count)
    cuts.set(topicId, { partitionCount, share, extra: partitionCount % count, next: 0 })
  }
  const targets: Targets = new Map()
  for (const { memberId, topicIds } of [...members].sort(compareMembers)) {
    const assignment = new Map<Uuid, readonly number[]>()
    for (const topicId of topicIds) {
      const stretch = nextStretch(cuts.get(topicId)!)
      if (stretch.length > 0) assignment.set(topicId, stretch)
    }
    targets.set(memberId, assignment)
  }
  return targets
}

function nextStretch(cut: Cut): number[] {
  let length = cut.share
  if (cut.extra > 0) {
    length++
    cut.extra--
  }
  const start = cut.next
  cut.next = Math.min(start + length, cut.partitionCount)
  return Array.from({ length: cut.next - start }, (_, n) => start + n)
}

function compareMembers(one: AssignorMember, other: AssignorMember): number {
  if (one.instanceId !== null && other.instanceId !== null) {
    return compareText(one.instanceId, other.instanceId)
  }
  if (one.instanceId !== null) return -1
  if (other.instanceId !== null) return 1
  return compareText(one.memberId, other.memberId)
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
