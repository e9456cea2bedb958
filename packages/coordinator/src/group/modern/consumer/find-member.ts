/** Finds, or makes, the group and member that a request speaks of, and checks that it may. */
import { ApiError } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import type { TopicPartitions } from '../assignment.ts'
import type { ModernTurn } from '../modern-turn.ts'
import { ConsumerGroup } from './consumer-group.ts'
import { newMember, STATIC_LEAVE_EPOCH, type ConsumerMember } from './consumer-member.ts'
import { memberRecord, memberTombstones, progressRecord, targetRecord } from './consumer-records.ts'
import { ownsAll } from './owned-partitions.ts'
import { convertToConsumerGroup } from './upgrade.ts'

export interface Speaker {
  readonly memberId: string
  readonly memberEpoch: number
  readonly instanceId: string | null
  readonly topicPartitions: readonly TopicPartitions[] | null
}

/** Which protocol the member speaks. */
export type Protocol = 'consumer' | 'classic'

export function findConsumerGroup(turn: ModernTurn, groupId: string): ConsumerGroup {
  const group = turn.groups.consumer(groupId)
  if (group !== null) return group
  throw new ApiError(ErrorCode.GROUP_ID_NOT_FOUND, `There is no consumer group ${groupId}.`)
}

/** Who joins makes a group where there is none, or makes a consumer group of a classic one. */
export function findGroupToJoin(turn: ModernTurn, groupId: string, joins: boolean): ConsumerGroup {
  if (!joins) return findConsumerGroup(turn, groupId)
  const group = turn.groups.get(groupId)
  if (group === undefined) return new ConsumerGroup(turn.groups.timeline, groupId)
  if (group.type === 'consumer') return group
  if (group.type === 'classic') return convertToConsumerGroup(turn, group)
  throw new ApiError(ErrorCode.GROUP_ID_NOT_FOUND, `${groupId} is no consumer group.`)
}

/** For who joins a member that may not be stored yet. */
export function findMember(
  turn: ModernTurn,
  group: ConsumerGroup,
  speaker: Speaker,
  protocol: Protocol,
  joins: boolean = speaker.memberEpoch === 0,
): ConsumerMember {
  const { memberId, instanceId } = speaker
  if (instanceId !== null) return findStaticMember(turn, group, speaker, protocol, joins)
  const member = group.member(memberId) ?? (joins ? newMember(memberId) : unknown(memberId))
  if (protocol === 'consumer') validateEpoch(member, speaker)
  return member
}

function findStaticMember(
  turn: ModernTurn,
  group: ConsumerGroup,
  speaker: Speaker,
  protocol: Protocol,
  joins: boolean,
): ConsumerMember {
  const { memberId } = speaker
  const instanceId = speaker.instanceId!
  const holder = group.staticMember(instanceId)
  if (joins) {
    if (holder === undefined) return group.member(memberId) ?? newMember(memberId)
    if (protocol === 'consumer' && holder.classic === null) requireReleased(holder, instanceId)
    return replaceStatic(turn, group, holder, memberId)
  }
  if (holder === undefined) {
    throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID, `Nobody has instance id ${instanceId}.`)
  }
  requireHolder(holder, memberId, instanceId)
  if (protocol === 'consumer') validateEpoch(holder, speaker)
  return holder
}

/** A static member under a new id: it takes over what the old one had. */
function replaceStatic(
  turn: ModernTurn,
  group: ConsumerGroup,
  holder: ConsumerMember,
  memberId: string,
): ConsumerMember {
  const { groupId } = group
  const member = { ...holder, memberId, memberEpoch: 0, previousMemberEpoch: 0 }
  for (const record of memberTombstones(groupId, holder.memberId)) turn.out.append(record)
  turn.out.append(memberRecord(groupId, member))
  turn.out.append(targetRecord(groupId, memberId, group.target(holder.memberId)))
  turn.out.append(progressRecord(groupId, member))
  return member
}

/** The instance id belongs to a member that has not left. */
function requireReleased(holder: ConsumerMember, instanceId: string): void {
  if (holder.memberEpoch === STATIC_LEAVE_EPOCH) return
  throw new ApiError(
    ErrorCode.UNRELEASED_INSTANCE_ID,
    `Instance id ${instanceId} is in use by member ${holder.memberId}.`,
  )
}

/** The instance id has been taken over by another member. */
export function requireHolder(holder: ConsumerMember, memberId: string, instanceId: string): void {
  if (holder.memberId === memberId) return
  throw new ApiError(
    ErrorCode.FENCED_INSTANCE_ID,
    `Instance id ${instanceId} has been taken over by member ${holder.memberId}.`,
  )
}

/**
 * The response with a new epoch may have been lost: who still speaks in the one before is all right as long
 * as it has nothing that it should not have.
 */
function validateEpoch(member: ConsumerMember, { memberEpoch, topicPartitions }: Speaker): void {
  if (memberEpoch === 0 || memberEpoch === member.memberEpoch) return
  const behind = memberEpoch < member.memberEpoch && memberEpoch === member.previousMemberEpoch
  if (behind && topicPartitions !== null && ownsAll(member.assigned, topicPartitions)) return
  throw new ApiError(
    ErrorCode.FENCED_MEMBER_EPOCH,
    `The member is in epoch ${member.memberEpoch}, not in ${memberEpoch}; it must rejoin.`,
  )
}

function unknown(memberId: string): never {
  throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID, `${memberId} is no member of the group.`)
}
