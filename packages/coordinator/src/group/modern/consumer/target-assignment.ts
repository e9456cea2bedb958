/** The target assignment of a consumer group: which partitions each member should have. */
import { assert } from '@barnabas/base'
import { javaStringHash } from '@barnabas/base'
import type { Uuid } from '@barnabas/protocol'
import type { MetadataView } from '../../../runtime/metadata-view.ts'
import { EMPTY_ASSIGNMENT, sameAssignment, type Assignment } from '../assignment.ts'
import type { Assignor } from '../assignors/assignor.ts'
import { JavaHashMap } from '../assignors/java-hash-map.ts'
import { assignRange } from '../assignors/range.ts'
import { assignUniform } from '../assignors/uniform.ts'
import { groupSetting } from '../modern-config.ts'
import { mayAssign } from '../modern-group.ts'
import type { ModernTurn } from '../modern-turn.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerMember } from './consumer-member.ts'
import { targetEpochRecord, targetRecord } from './consumer-records.ts'

const assignors: Readonly<Record<string, Assignor>> = {
  uniform: assignUniform,
  range: assignRange,
}

export interface MemberTarget {
  readonly target: Assignment
  readonly targetEpoch: number
}

/** The group as it will be once the operation is through. */
export interface GroupPreview {
  readonly group: ConsumerGroup
  readonly groupEpoch: number
  readonly homogeneous: boolean
  /** The member the request is about, as it will be. */
  readonly member: ConsumerMember
}

/** The member's target; that of the whole group is computed if that is due. */
export function updateTarget(turn: ModernTurn, preview: GroupPreview): MemberTarget {
  const { group, groupEpoch, member } = preview
  const { metadata, config, nowMs } = turn
  const intervalMs = groupSetting(
    metadata,
    group.groupId,
    'consumer.assignment.interval.ms',
    config.consumerAssignmentIntervalMs,
  )
  if (group.assignmentEpoch >= groupEpoch || !mayAssign(group.assignedAtMs, intervalMs, nowMs)) {
    return { target: group.targetOf(member), targetEpoch: group.assignmentEpoch }
  }
  const members = membersOf(preview)
  const targets = assignorOf(
    turn,
    members,
  )({
    members: members.map((each) => ({
      memberId: each.memberId,
      instanceId: each.instanceId,
      topicIds: topicIdsOf(metadata, group.topicsOf(each)),
      assignment: presentTarget(group, each),
    })),
    homogeneous: preview.homogeneous,
    partitionCount(topicId) {
      const topic = metadata.topicById(topicId)
      assert(topic !== undefined, `topic ${topicId} is assigned, but not there`)
      return topic.partitionCount
    },
    isAssignable: () => true,
  })
  for (const { memberId } of members) {
    const target = targets.get(memberId) ?? EMPTY_ASSIGNMENT
    if (group.hasTarget(memberId) && sameAssignment(group.target(memberId), target)) continue
    turn.out.append(targetRecord(group.groupId, memberId, target))
  }
  const epoch = { assignmentEpoch: groupEpoch, assignedAtMs: nowMs }
  turn.out.append(targetEpochRecord(group.groupId, epoch))
  return { target: targets.get(member.memberId) ?? EMPTY_ASSIGNMENT, targetEpoch: groupEpoch }
}

/** Topics that exist. */
export function topicIdsOf(metadata: MetadataView, names: Iterable<string>): Set<Uuid> {
  const topicIds = new Set<Uuid>()
  for (const name of names) {
    const topic = metadata.topic(name)
    if (topic !== undefined) topicIds.add(topic.id)
  }
  return topicIds
}

/** By id, so that the outcome does not depend on the order in which they came. */
function membersOf({ group, member }: GroupPreview): ConsumerMember[] {
  const members = new Map<string, ConsumerMember>()
  for (const each of group.members()) members.set(each.memberId, each)
  const replaced = group.staticMemberId(member.instanceId)
  if (replaced !== undefined) members.delete(replaced)
  members.set(member.memberId, member)
  return [...members.values()].sort((one, other) => (one.memberId < other.memberId ? -1 : 1))
}

function presentTarget(group: ConsumerGroup, member: ConsumerMember): Assignment {
  const holder = group.staticMemberId(member.instanceId)
  return group.target(holder ?? member.memberId)
}

/** What most members ask for. */
function assignorOf(turn: ModernTurn, members: readonly ConsumerMember[]): Assignor {
  const votes = new JavaHashMap<string, number>(javaStringHash)
  for (const { serverAssignor } of members) {
    if (serverAssignor !== null) votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1)
  }
  const name = mostVotes(votes) ?? turn.config.consumerAssignors[0]!
  const assignor = assignors[name]
  assert(assignor !== undefined, `there is no assignor ${name}`)
  return assignor
}

function mostVotes(votes: JavaHashMap<string, number>): string | null {
  let winner: string | null = null
  let most = 0
  for (const [name, count] of votes.entries()) {
    if (count > most) {
      winner = name
      most = count
    }
  }
  return winner
}

/** The assignor the group uses at an offset, for those who look at it. */
export function assignorNameAt(group: ConsumerGroup, offset: number, byDefault: string): string {
  const votes = new JavaHashMap<string, number>(javaStringHash)
  for (const { serverAssignor } of group.membersAt(offset)) {
    if (serverAssignor !== null) votes.set(serverAssignor, (votes.get(serverAssignor) ?? 0) + 1)
  }
  return mostVotes(votes) ?? byDefault
}
