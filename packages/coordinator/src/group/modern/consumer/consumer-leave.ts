/** How members leave a consumer group: by themselves, or because nothing was heard of them. */
import { ApiError } from '@barnabas/base'
import {
  createConsumerGroupHeartbeatResponse,
  ErrorCode,
  type ConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatResponse,
} from '@barnabas/protocol'
import type { ModernTurn } from '../modern-turn.ts'
import { countUp } from '../subscription-counts.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { patternOf, STATIC_LEAVE_EPOCH, type ConsumerMember } from './consumer-member.ts'
import {
  epochRecord,
  memberTombstones,
  patternTombstone,
  progressRecord,
} from './consumer-records.ts'
import { convertToClassicGroup, mayDowngradeWithout } from './downgrade.ts'
import { findConsumerGroup, requireHolder } from './find-member.ts'
import { hashWithout } from './group-epoch.ts'
import { cancelTimers } from './member-timers.ts'
import { NOTHING_OWNED, ownedSince, withoutEpochs } from './owned-partitions.ts'

export function leaveConsumerGroup(
  turn: ModernTurn,
  request: ConsumerGroupHeartbeatRequest,
): ConsumerGroupHeartbeatResponse {
  const { groupId, memberId, memberEpoch, instanceId } = request
  const group = findConsumerGroup(turn, groupId)
  const member = leavingMember(group, memberId, instanceId)
  if (instanceId !== null && memberEpoch === STATIC_LEAVE_EPOCH) leaveForAWhile(turn, group, member)
  else fenceMembers(turn, group, [member])
  return createConsumerGroupHeartbeatResponse({ memberId, memberEpoch })
}

function leavingMember(
  group: ConsumerGroup,
  memberId: string,
  instanceId: string | null,
): ConsumerMember {
  const member = instanceId === null ? group.member(memberId) : group.staticMember(instanceId)
  if (member === undefined) {
    throw new ApiError(
      ErrorCode.UNKNOWN_MEMBER_ID,
      `${instanceId ?? memberId} is no member of the group.`,
    )
  }
  if (instanceId !== null) requireHolder(member, memberId, instanceId)
  return member
}

/** A static member keeps its partitions for as long as its session lasts. */
function leaveForAWhile(turn: ModernTurn, group: ConsumerGroup, member: ConsumerMember): void {
  const away: ConsumerMember = {
    ...member,
    memberEpoch: STATIC_LEAVE_EPOCH,
    assigned: ownedSince(withoutEpochs(member.assigned), 0),
    pendingRevocation: NOTHING_OWNED,
  }
  turn.out.append(progressRecord(group.groupId, away))
}

/** Takes members out. If only classic members are left the group becomes a classic one. */
export function fenceMembers(
  turn: ModernTurn,
  group: ConsumerGroup,
  members: readonly ConsumerMember[],
): void {
  if (members.length === 0) return
  const { groupId } = group
  for (const { memberId } of members) cancelTimers(turn, groupId, memberId)
  if (mayDowngradeWithout(turn, group, members)) {
    return convertToClassicGroup(turn, group, { leaving: members, joining: null, rebalance: true })
  }
  for (const { memberId } of members) {
    for (const record of memberTombstones(groupId, memberId)) turn.out.append(record)
  }
  const patterns = patternsGoneWith(group, members)
  for (const pattern of patterns) turn.out.append(patternTombstone(groupId, pattern))
  const metadataHash = hashWithout(turn, group, members, patterns)
  turn.out.append(epochRecord(groupId, { groupEpoch: group.groupEpoch + 1, metadataHash }))
}

function patternsGoneWith(group: ConsumerGroup, members: readonly ConsumerMember[]): string[] {
  const counts = new Map<string, number>()
  for (const member of members) {
    const pattern = patternOf(member)
    if (pattern !== null) countUp(counts, pattern, 1)
  }
  return [...counts].flatMap(([pattern, count]) =>
    group.patternSubscriberCount(pattern) === count ? [pattern] : [],
  )
}
