/**
 * Members of the classic protocol in a consumer group. To them the coordinator looks as it always did: they
 * join, sync, send heartbeats and are told to rejoin. What they get was assigned by the coordinator; none of
 * them leads.
 */
import { ApiError, MalformedError, randomUuid } from '@barnabas/base'
import {
  createHeartbeatResponse,
  createJoinGroupResponse,
  createLeaveGroupResponse,
  createLeaveGroupResponseMemberResponse,
  createSyncGroupResponse,
  ErrorCode,
  type HeartbeatRequest,
  type HeartbeatResponse,
  type JoinGroupRequest,
  type JoinGroupResponse,
  type LeaveGroupRequest,
  type LeaveGroupRequestMemberIdentity,
  type LeaveGroupResponse,
  type SyncGroupRequest,
  type SyncGroupResponse,
} from '@barnabas/protocol'
import type { RequestInfo } from '../../group-kinds.ts'
import type { ModernTurn } from '../modern-turn.ts'
import { requireRoom, storeMetadata } from './consumer-heartbeat.ts'
import { FREE, type ConsumerGroup } from './consumer-group.ts'
import { fenceMembers } from './consumer-leave.ts'
import { topicList, type ClassicMetadata, type ConsumerMember } from './consumer-member.ts'
import {
  CONSUMER_PROTOCOL,
  readSubscription,
  withIds,
  writeAssignment,
} from './consumer-protocol.ts'
import { convertToClassicGroup, mayDowngradeReplacing } from './downgrade.ts'
import { findMember, requireHolder } from './find-member.ts'
import { updateEpoch } from './group-epoch.ts'
import { joined, keepAlive, limitJoin, limitSync, synced } from './member-timers.ts'
import { moveToTarget } from './move-to-target.ts'
import { withoutEpochs } from './owned-partitions.ts'
import { updatePattern } from './patterns.ts'
import { updateTarget } from './target-assignment.ts'
import { classicMetadata } from './upgrade.ts'

/** From this version on a new member must come back with the id it is given. */
const KNOWN_MEMBER_ID_VERSION = 4

export function joinConsumerGroup(
  turn: ModernTurn,
  group: ConsumerGroup,
  request: JoinGroupRequest,
  info: RequestInfo,
): JoinGroupResponse {
  const isNew = request.memberId === ''
  const memberId = isNew ? randomUuid(turn.entropy) : request.memberId
  const instanceId = request.groupInstanceId
  if (turn.config.consumerMigrationPolicy === 'disabled') {
    throw new ApiError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
  }
  requireRoom(turn, group, memberId)
  requireProtocol(group, request)
  if (isNew && instanceId === null && info.apiVersion >= KNOWN_MEMBER_ID_VERSION) {
    return createJoinGroupResponse({ memberId, errorCode: ErrorCode.MEMBER_ID_REQUIRED })
  }
  const speaker = { memberId, memberEpoch: -1, instanceId, topicPartitions: [] }
  const old = findMember(turn, group, speaker, 'classic', isNew || instanceId === null)
  const replaced = instanceId === null ? undefined : group.staticMember(instanceId)
  const downgrades = replaced !== undefined && mayDowngradeReplacing(turn, group, replaced)
  const member = join(turn, group, old, { request, info, downgrades })
  joined(turn, request.groupId, memberId)
  if (!downgrades) {
    keepAlive(turn, request.groupId, memberId, request.sessionTimeoutMs)
    limitSync(turn, request.groupId, memberId, request.rebalanceTimeoutMs)
  }
  return createJoinGroupResponse({
    memberId,
    generationId: member.memberEpoch,
    protocolType: CONSUMER_PROTOCOL,
    protocolName: member.classic!.supportedProtocols[0]!.name,
  })
}

/** There must be a protocol that all classic members have. */
function requireProtocol(
  group: ConsumerGroup,
  { protocolType, protocols }: JoinGroupRequest,
): void {
  const support = new Map(protocols.map(({ name }) => [name, 0]))
  let classicCount = 0
  for (const { classic } of group.members()) {
    if (classic === null) continue
    classicCount++
    for (const { name } of classic.supportedProtocols) {
      const count = support.get(name)
      if (count !== undefined) support.set(name, count + 1)
    }
  }
  const common = [...support.values()].includes(classicCount)
  if (protocolType === CONSUMER_PROTOCOL && common) return
  throw new ApiError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
}

interface Joining {
  readonly request: JoinGroupRequest
  readonly info: RequestInfo
  /** It replaces the last member of the consumer protocol. */
  readonly downgrades: boolean
}

function join(
  turn: ModernTurn,
  group: ConsumerGroup,
  old: ConsumerMember,
  { request, info, downgrades }: Joining,
): ConsumerMember {
  const subscription = subscriptionOf(request)
  const said = withWhatItSaid(old, request, info, subscription)
  const namesChanged = storeMetadata(turn, group, old, said)
  const change = { old, member: said }
  const pattern = updatePattern(turn, group, change, info)
  const subscriptionChanged = namesChanged || pattern !== 'unchanged'
  const preview = updateEpoch(turn, group, change, subscriptionChanged)
  const owned = withIds(subscription.ownedPartitions, turn.metadata)
  if (!downgrades) {
    const target = updateTarget(turn, { ...preview, member: said })
    return moveToTarget(turn, group, said, { ...target, subscriptionChanged, owned })
  }
  const rebalance = group.assignmentEpoch < preview.groupEpoch
  const target = group.targetOf(said)
  const move = { target, targetEpoch: group.assignmentEpoch, subscriptionChanged, owned }
  const member = rebalance ? said : moveToTarget(turn, group, said, move)
  convertToClassicGroup(turn, group, { leaving: [], joining: member, rebalance })
  return member
}

function subscriptionOf({ protocols }: JoinGroupRequest) {
  try {
    return readSubscription(protocols[0]!.metadata)
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error
    throw new ApiError(
      ErrorCode.UNKNOWN_SERVER_ERROR,
      'The subscription of the member is malformed.',
    )
  }
}

function withWhatItSaid(
  old: ConsumerMember,
  request: JoinGroupRequest,
  { clientId, clientHost }: RequestInfo,
  { topics, rackId }: { topics: readonly string[]; rackId: string | null },
): ConsumerMember {
  const { rebalanceTimeoutMs, sessionTimeoutMs, groupInstanceId } = request
  const protocols = request.protocols.map(({ name, metadata }) => {
    return { name, metadata: Uint8Array.from(metadata) }
  })
  return {
    ...old,
    instanceId: groupInstanceId ?? old.instanceId,
    rackId: rackId === null || rackId === '' ? old.rackId : rackId,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? old.rebalanceTimeoutMs : rebalanceTimeoutMs,
    subscribedTopics: topicList(topics, old.subscribedTopics),
    subscribedPattern: '',
    clientId,
    clientHost,
    classic: classicMetadata(sessionTimeoutMs, protocols),
  }
}

export function syncConsumerGroup(
  turn: ModernTurn,
  group: ConsumerGroup,
  request: SyncGroupRequest,
): SyncGroupResponse {
  const { groupId, memberId, groupInstanceId, generationId, protocolType, protocolName } = request
  const { member, classic } = classicMember(group, memberId, groupInstanceId, generationId)
  const protocol = classic.supportedProtocols[0]!
  if (
    (protocolType !== null && protocolType !== CONSUMER_PROTOCOL) ||
    (protocolName !== null && protocolName !== protocol.name)
  ) {
    throw new ApiError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
  }
  if (group.assignmentEpoch > member.memberEpoch && member.state !== 'unrevokedPartitions') {
    limitJoin(turn, groupId, member)
    return createSyncGroupResponse({ errorCode: ErrorCode.REBALANCE_IN_PROGRESS })
  }
  synced(turn, groupId, memberId)
  keepAlive(turn, groupId, memberId, classic.sessionTimeoutMs)
  const assigned = withoutEpochs(member.assigned)
  const assignment = writeAssignment(assigned, turn.metadata, protocol.metadata)
  return createSyncGroupResponse({ protocolType, protocolName, assignment })
}

export function heartbeatToConsumerGroup(
  turn: ModernTurn,
  group: ConsumerGroup,
  request: HeartbeatRequest,
): HeartbeatResponse {
  const { groupId, memberId, groupInstanceId, generationId } = request
  const { member, classic } = classicMember(group, memberId, groupInstanceId, generationId)
  keepAlive(turn, groupId, memberId, classic.sessionTimeoutMs)
  if (!mustRejoin(group, member)) return createHeartbeatResponse()
  limitJoin(turn, groupId, member)
  return createHeartbeatResponse({ errorCode: ErrorCode.REBALANCE_IN_PROGRESS })
}

/** A member that waits for partitions of others need not rejoin before it can get them. */
function mustRejoin(group: ConsumerGroup, member: ConsumerMember): boolean {
  if (member.memberEpoch < group.assignmentEpoch) return true
  if (member.state === 'unrevokedPartitions') return true
  return member.state === 'unreleasedPartitions' && !isWaitingForOthers(group, member)
}

function isWaitingForOthers(group: ConsumerGroup, { memberId, assigned }: ConsumerMember): boolean {
  for (const [topicId, partitions] of group.target(memberId)) {
    const present = assigned.get(topicId)
    for (const partition of partitions) {
      if (present?.has(partition) === true) continue
      if (group.partitionEpoch(topicId, partition) !== FREE) return true
    }
  }
  return false
}

function classicMember(
  group: ConsumerGroup,
  memberId: string,
  instanceId: string | null,
  generationId: number,
): { member: ConsumerMember; classic: ClassicMetadata } {
  const member = instanceId === null ? group.member(memberId) : group.staticMember(instanceId)
  if (member === undefined) throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID)
  if (instanceId !== null) requireHolder(member, memberId, instanceId)
  const { classic } = member
  if (classic === null) throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID)
  if (member.memberEpoch !== generationId) throw new ApiError(ErrorCode.ILLEGAL_GENERATION)
  return { member, classic }
}

export function leaveConsumerGroupAsClassic(
  turn: ModernTurn,
  group: ConsumerGroup,
  request: LeaveGroupRequest,
): LeaveGroupResponse {
  const leaving = new Map<string, ConsumerMember>()
  const members = request.members.map((identity) => {
    const { memberId, groupInstanceId } = identity
    const found = findLeaving(group, identity)
    const errorCode = typeof found === 'number' ? found : ErrorCode.NONE
    if (typeof found !== 'number') leaving.set(found.memberId, found)
    return createLeaveGroupResponseMemberResponse({ memberId, groupInstanceId, errorCode })
  })
  fenceMembers(turn, group, [...leaving.values()])
  return createLeaveGroupResponse({ members })
}

/** The member, or the reason why there is none. Administrators know instance ids alone. */
function findLeaving(
  group: ConsumerGroup,
  { memberId, groupInstanceId }: LeaveGroupRequestMemberIdentity,
): ConsumerMember | number {
  if (groupInstanceId === null) return group.member(memberId) ?? ErrorCode.UNKNOWN_MEMBER_ID
  const member = group.staticMember(groupInstanceId)
  if (member === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
  const fenced = memberId !== '' && memberId !== member.memberId
  return fenced ? ErrorCode.FENCED_INSTANCE_ID : member
}
