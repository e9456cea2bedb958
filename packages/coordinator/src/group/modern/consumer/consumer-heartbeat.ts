/**
 * ConsumerGroupHeartbeat (KIP-848): by it members join, say what they want and what they own, and are told
 * what they shall have. A field that is null is as it was.
 *
 *   1. The member is found or made, and checked: who speaks in an epoch it cannot be in is fenced.
 *   2. What it says of itself is stored if it is new; then the group comes to its next epoch.
 *   3. The target assignment is computed for that epoch, unless the last one was a moment ago.
 *   4. The member moves towards its target as far as it can.
 */
import { ApiError, randomUuid } from '@barnabas/base'
import {
  createConsumerGroupHeartbeatResponse,
  createConsumerGroupHeartbeatResponseAssignment,
  createConsumerGroupHeartbeatResponseTopicPartitions,
  ErrorCode,
  type ConsumerGroupHeartbeatRequest,
  type ConsumerGroupHeartbeatRequestTopicPartitions,
  type ConsumerGroupHeartbeatResponse,
} from '@barnabas/protocol'
import type { RequestInfo } from '../../group-kinds.ts'
import { groupSetting } from '../modern-config.ts'
import type { ModernTurn } from '../modern-turn.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { leaveConsumerGroup } from './consumer-leave.ts'
import {
  LEAVE_EPOCH,
  sameMetadata,
  sameNames,
  STATIC_LEAVE_EPOCH,
  topicList,
  type ConsumerMember,
} from './consumer-member.ts'
import { memberRecord } from './consumer-records.ts'
import { findGroupToJoin, findMember } from './find-member.ts'
import { updateEpoch } from './group-epoch.ts'
import { keepAlive } from './member-timers.ts'
import { sameOwned, topicPartitionsOf, type OwnedPartitions } from './owned-partitions.ts'
import { updatePattern } from './patterns.ts'
import { moveToTarget } from './move-to-target.ts'
import { updateTarget } from './target-assignment.ts'
import { validateHeartbeat } from './validate-heartbeat.ts'

export function consumerGroupHeartbeat(
  turn: ModernTurn,
  request: ConsumerGroupHeartbeatRequest,
  info: RequestInfo,
): ConsumerGroupHeartbeatResponse {
  validateHeartbeat(turn.config, request, info.apiVersion)
  const { groupId, memberEpoch, topicPartitions } = request
  if (memberEpoch === LEAVE_EPOCH || memberEpoch === STATIC_LEAVE_EPOCH) {
    return leaveConsumerGroup(turn, request)
  }
  const group = findGroupToJoin(turn, groupId, memberEpoch === 0)
  requireRoom(turn, group, request.memberId)
  const memberId = request.memberId === '' ? randomUuid(turn.entropy) : request.memberId
  const old = findMember(turn, group, { ...request, memberId }, 'consumer')
  const said = withWhatItSaid(old, request, info)
  const namesChanged = storeMetadata(turn, group, old, said)
  const change = { old, member: said }
  const pattern = updatePattern(turn, group, change, info)
  const preview = updateEpoch(turn, group, change, namesChanged || pattern === 'resolved')
  const target = updateTarget(turn, { ...preview, member: said })
  const member = moveToTarget(turn, group, said, {
    ...target,
    subscriptionChanged: namesChanged || pattern !== 'unchanged',
    owned: topicPartitions,
  })
  keepAlive(turn, groupId, memberId)
  const tell = memberEpoch === 0 || isFull(request) || !sameOwned(old.assigned, member.assigned)
  return createConsumerGroupHeartbeatResponse({
    memberId,
    memberEpoch: member.memberEpoch,
    heartbeatIntervalMs: heartbeatIntervalMs(turn, groupId),
    assignment: tell ? assignmentOf(member.assigned) : null,
  })
}

export function requireRoom(turn: ModernTurn, group: ConsumerGroup, memberId: string): void {
  const { consumerMaxSize } = turn.config
  if (group.size < consumerMaxSize || group.member(memberId) !== undefined) return
  throw new ApiError(
    ErrorCode.GROUP_MAX_SIZE_REACHED,
    `The group has as many members as it may have: ${consumerMaxSize}.`,
  )
}

function withWhatItSaid(
  old: ConsumerMember,
  request: ConsumerGroupHeartbeatRequest,
  { clientId, clientHost }: RequestInfo,
): ConsumerMember {
  const { rebalanceTimeoutMs } = request
  return {
    ...old,
    instanceId: request.instanceId ?? old.instanceId,
    rackId: request.rackId ?? old.rackId,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? old.rebalanceTimeoutMs : rebalanceTimeoutMs,
    serverAssignor: request.serverAssignor ?? old.serverAssignor,
    subscribedTopics: topicList(request.subscribedTopicNames, old.subscribedTopics),
    subscribedPattern: request.subscribedTopicRegex ?? old.subscribedPattern,
    clientId,
    clientHost,
    classic: null,
  }
}

/** True when the member subscribes to other topics than before. */
export function storeMetadata(
  turn: ModernTurn,
  group: ConsumerGroup,
  old: ConsumerMember,
  member: ConsumerMember,
): boolean {
  if (sameMetadata(old, member)) return false
  turn.out.append(memberRecord(group.groupId, member))
  return !sameNames(old.subscribedTopics, member.subscribedTopics)
}

/** Such a request comes after an error too: the member may not know what it has been told before. */
function isFull(request: ConsumerGroupHeartbeatRequest): boolean {
  const { rebalanceTimeoutMs, subscribedTopicNames, subscribedTopicRegex, topicPartitions } =
    request
  const subscribes = subscribedTopicNames !== null || subscribedTopicRegex !== null
  return rebalanceTimeoutMs !== -1 && subscribes && topicPartitions !== null
}

function heartbeatIntervalMs({ metadata, config }: ModernTurn, groupId: string): number {
  const { consumerHeartbeatIntervalMs } = config
  return groupSetting(
    metadata,
    groupId,
    'consumer.heartbeat.interval.ms',
    consumerHeartbeatIntervalMs,
  )
}

function assignmentOf(owned: OwnedPartitions) {
  const topicPartitions: ConsumerGroupHeartbeatRequestTopicPartitions[] = topicPartitionsOf(
    owned,
  ).map((topic) => createConsumerGroupHeartbeatResponseTopicPartitions(topic))
  return createConsumerGroupHeartbeatResponseAssignment({ topicPartitions })
}
