/**
 * A classic group becomes a consumer group when a member of the consumer protocol joins it. Its generation
 * becomes the epoch, what members have becomes their assignment; they go on speaking the classic protocol
 * until they are restarted with the other one.
 */
import { ApiError } from '@barnabas/base'
import {
  createConsumerGroupMemberMetadataValueClassicMemberMetadata,
  createConsumerGroupMemberMetadataValueClassicProtocol,
  createGroupMetadataKey,
  ErrorCode,
} from '@barnabas/protocol'
import type { ClassicGroup } from '../../classic/classic-group.ts'
import {
  protocolMetadata,
  type ClassicMember,
  type MemberProtocol,
} from '../../classic/classic-member.ts'
import { failParked } from '../../classic/classic-rebalance.ts'
import { joinTimer, syncTimer } from '../../timer-keys.ts'
import { EMPTY_ASSIGNMENT, type Assignment } from '../assignment.ts'
import type { ModernTurn } from '../modern-turn.ts'
import { ConsumerGroup } from './consumer-group.ts'
import {
  newMember,
  topicList,
  type ClassicMetadata,
  type ConsumerMember,
} from './consumer-member.ts'
import {
  assignmentWithIds,
  CONSUMER_PROTOCOL,
  orNotConvertible,
  readAssignment,
  readSubscription,
} from './consumer-protocol.ts'
import {
  epochRecord,
  memberRecord,
  progressRecord,
  targetEpochRecord,
  targetRecord,
} from './consumer-records.ts'
import { keepAlive } from './member-timers.ts'
import { ownedSince } from './owned-partitions.ts'

/** The group as it will be once the records are stored. */
export function convertToConsumerGroup(turn: ModernTurn, classic: ClassicGroup): ConsumerGroup {
  const { groupId } = classic
  const group = new ConsumerGroup(turn.groups.timeline, groupId)
  if (classic.state !== 'Empty') {
    requireConvertible(turn, classic)
    orNotConvertible(groupId, () => takeMembers(turn, group, classic))
  }
  for (const member of classic.members()) {
    failParked(turn, member, ErrorCode.REBALANCE_IN_PROGRESS, member.memberId)
  }
  turn.out.cancel(joinTimer(groupId))
  turn.out.cancel(syncTimer(groupId))
  const key = createGroupMetadataKey({ group: groupId })
  turn.out.append({ type: 'groupMetadata', key, value: null })
  if (group.size > 0) storeGroup(turn, group)
  return group
}

function requireConvertible(turn: ModernTurn, classic: ClassicGroup): void {
  const { consumerMigrationPolicy, consumerMaxSize } = turn.config
  const { groupId, protocolType, size } = classic
  if (consumerMigrationPolicy !== 'upgrade' && consumerMigrationPolicy !== 'bidirectional') {
    throw notConvertible(groupId, 'the broker does not allow it')
  }
  if (protocolType !== CONSUMER_PROTOCOL)
    throw notConvertible(groupId, 'it is not one of consumers')
  if (size > consumerMaxSize) throw notConvertible(groupId, 'it has too many members')
}

function notConvertible(groupId: string, reason: string): ApiError {
  return new ApiError(
    ErrorCode.GROUP_ID_NOT_FOUND,
    `The classic group ${groupId} cannot become a consumer group: ${reason}.`,
  )
}

function takeMembers(turn: ModernTurn, group: ConsumerGroup, classic: ClassicGroup): void {
  const { generationId } = classic
  const protocolName = classic.protocolName ?? classic.selectProtocol()
  for (const each of classic.members()) {
    const { member, target } = memberOf(turn, each, protocolName, generationId, group.groupId)
    group.applyMember(member)
    group.applyTarget(member.memberId, target)
  }
  const topics = group.subscribedTopics().keys()
  const metadataHash = turn.soft.hashes.ofTopics(turn.metadata, topics)
  group.applyEpoch({ groupEpoch: generationId, metadataHash })
  group.applyTargetEpoch({ assignmentEpoch: generationId, assignedAtMs: 0 })
}

function memberOf(
  turn: ModernTurn,
  classic: ClassicMember,
  protocolName: string,
  generationId: number,
  groupId: string,
): { member: ConsumerMember; target: Assignment } {
  const { topics, rackId } = readSubscription(protocolMetadata(classic, protocolName))
  const target = assignmentOf(turn, classic, groupId)
  const member: ConsumerMember = {
    ...newMember(classic.memberId),
    memberEpoch: generationId,
    previousMemberEpoch: generationId,
    instanceId: classic.groupInstanceId,
    rackId: rackId === '' ? null : rackId,
    clientId: classic.clientId,
    clientHost: classic.clientHost,
    rebalanceTimeoutMs: classic.rebalanceTimeoutMs,
    subscribedTopics: topicList(topics, []),
    assigned: ownedSince(target, generationId),
    classic: classicMetadata(classic.sessionTimeoutMs, classic.protocols),
  }
  return { member, target }
}

function assignmentOf(
  turn: ModernTurn,
  { assignment }: ClassicMember,
  groupId: string,
): Assignment {
  if (assignment.length === 0) return EMPTY_ASSIGNMENT
  const decoded = readAssignment(assignment)
  if (decoded.userData !== null && decoded.userData.length > 0) {
    throw notConvertible(groupId, 'its assignor keeps data of its own')
  }
  return assignmentWithIds(decoded, turn.metadata)
}

export function classicMetadata(
  sessionTimeoutMs: number,
  protocols: readonly MemberProtocol[],
): ClassicMetadata {
  return createConsumerGroupMemberMetadataValueClassicMemberMetadata({
    sessionTimeoutMs,
    supportedProtocols: protocols.map(({ name, metadata }) =>
      createConsumerGroupMemberMetadataValueClassicProtocol({ name, metadata }),
    ),
  })
}

function storeGroup(turn: ModernTurn, group: ConsumerGroup): void {
  const { out } = turn
  const { groupId, groupEpoch, metadataHash, assignmentEpoch, assignedAtMs } = group
  const members = [...group.members()]
  for (const member of members) out.append(memberRecord(groupId, member))
  out.append(epochRecord(groupId, { groupEpoch, metadataHash }))
  for (const { memberId } of members) {
    out.append(targetRecord(groupId, memberId, group.target(memberId)))
  }
  out.append(targetEpochRecord(groupId, { assignmentEpoch, assignedAtMs }))
  for (const member of members) out.append(progressRecord(groupId, member))
  for (const { memberId, classic } of members) {
    keepAlive(turn, groupId, memberId, classic!.sessionTimeoutMs)
  }
}
