/**
 * SyncGroup, Heartbeat and LeaveGroup of the classic protocol. The leader's assignment is stored before
 * anybody hears of it, so that no member works on what a coordinator that takes over would not know.
 */
import { ApiError } from '@barnabas/base'
import {
  createHeartbeatResponse,
  createLeaveGroupResponse,
  createLeaveGroupResponseMemberResponse,
  createSyncGroupResponse,
  EMPTY_BYTES,
  ErrorCode,
  type HeartbeatRequest,
  type HeartbeatResponse,
  type LeaveGroupRequest,
  type LeaveGroupRequestMemberIdentity,
  type LeaveGroupResponse,
  type SyncGroupRequest,
  type SyncGroupResponse,
} from '@barnabas/protocol'
import { PARKED, type Parked } from '../../runtime/outcome.ts'
import type { Turn } from '../group-kinds.ts'
import { syncTimer } from '../timer-keys.ts'
import type { ClassicGroup } from './classic-group.ts'
import type { ClassicMember } from './classic-member.ts'
import {
  dropMember,
  keepAlive,
  propagateFailure,
  rebalance,
  storeGroup,
  validateMember,
} from './classic-rebalance.ts'

export function syncGroup(
  turn: Turn,
  group: ClassicGroup,
  request: SyncGroupRequest,
): SyncGroupResponse | Parked {
  const { memberId, groupInstanceId, generationId, protocolType, protocolName } = request
  const member = validateMember(group, memberId, groupInstanceId)
  if (generationId !== group.generationId) throw new ApiError(ErrorCode.ILLEGAL_GENERATION)
  if (
    (protocolType !== null && protocolType !== group.protocolType) ||
    (protocolName !== null && protocolName !== group.protocolName)
  ) {
    throw new ApiError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
  }
  switch (group.state) {
    case 'Empty':
      throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID)
    case 'PreparingRebalance':
      throw new ApiError(ErrorCode.REBALANCE_IN_PROGRESS)
    case 'CompletingRebalance':
      awaitAssignment(turn, group, member)
      if (group.isLeader(memberId)) assign(turn, group, request)
      return PARKED
    case 'Stable':
      synced(turn, group, memberId)
      return assignmentResponse(group, member.assignment)
  }
}

function awaitAssignment(turn: Turn, group: ClassicGroup, member: ClassicMember): void {
  if (member.syncRequestId !== null) {
    const errorCode = ErrorCode.REBALANCE_IN_PROGRESS
    turn.out.release(member.syncRequestId, createSyncGroupResponse({ errorCode }))
  }
  group.update(member, { syncRequestId: turn.requestId })
  synced(turn, group, member.memberId)
}

function synced(turn: Turn, group: ClassicGroup, memberId: string): void {
  group.removePendingSync(memberId)
  if (group.pendingSyncMembers().length === 0) turn.out.cancel(syncTimer(group.groupId))
}

/** The leader has spoken. Members it forgot get nothing. */
function assign(turn: Turn, group: ClassicGroup, request: SyncGroupRequest): void {
  const { groupId, generationId } = group
  const assignments = new Map<string, Uint8Array>()
  for (const { memberId, assignment } of request.assignments) {
    assignments.set(memberId, Uint8Array.from(assignment))
  }
  turn.out.onAppendFailed = (errorCode) => {
    return { kind: 'syncNotStored', groupId, generationId, errorCode }
  }
  for (const member of group.members()) {
    const assignment = assignments.get(member.memberId) ?? EMPTY_BYTES
    const { syncRequestId } = member
    const updated = group.update(member, { assignment, syncRequestId: null })
    if (syncRequestId === null) continue
    turn.out.release(syncRequestId, assignmentResponse(group, assignment))
    // A session that ended while the member was waiting went unpunished; it begins anew.
    keepAlive(turn, group, updated)
  }
  group.transitionTo('Stable', turn.nowMs)
  storeGroup(turn, group)
}

/** Nobody was told yet; all hear of the failure and try again. */
export function onSyncNotStored(
  turn: Turn,
  group: ClassicGroup,
  generationId: number,
  errorCode: number,
): void {
  if (group.state !== 'CompletingRebalance' || group.generationId !== generationId) return
  propagateFailure(turn, group, errorCode)
  rebalance(turn, group)
}

function assignmentResponse(group: ClassicGroup, assignment: Uint8Array): SyncGroupResponse {
  const { protocolType, protocolName } = group
  return createSyncGroupResponse({ protocolType, protocolName, assignment })
}

export function heartbeat(
  turn: Turn,
  group: ClassicGroup,
  request: HeartbeatRequest,
): HeartbeatResponse {
  const { memberId, groupInstanceId, generationId } = request
  const member = validateMember(group, memberId, groupInstanceId)
  if (generationId !== group.generationId) throw new ApiError(ErrorCode.ILLEGAL_GENERATION)
  if (group.state === 'Empty') throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID)
  keepAlive(turn, group, member)
  const rejoin = group.state === 'PreparingRebalance'
  return createHeartbeatResponse({
    errorCode: rejoin ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE,
  })
}

export function leaveGroup(
  turn: Turn,
  group: ClassicGroup,
  request: LeaveGroupRequest,
): LeaveGroupResponse {
  const members = request.members.map((identity) => {
    const { memberId, groupInstanceId } = identity
    const errorCode = leave(turn, group, identity)
    return createLeaveGroupResponseMemberResponse({ memberId, groupInstanceId, errorCode })
  })
  const anybodyLeft = members.some(({ errorCode }) => errorCode === ErrorCode.NONE)
  if (anybodyLeft && group.state !== 'Empty') rebalance(turn, group)
  return createLeaveGroupResponse({ members })
}

function leave(
  turn: Turn,
  group: ClassicGroup,
  { memberId, groupInstanceId }: LeaveGroupRequestMemberIdentity,
): number {
  // Administrators remove static members by their instance id alone.
  if (memberId === '') {
    const holder = groupInstanceId === null ? undefined : group.staticMemberId(groupInstanceId)
    if (holder === undefined) return ErrorCode.UNKNOWN_MEMBER_ID
    dropMember(turn, group, holder)
    return ErrorCode.NONE
  }
  if (!group.isPending(memberId)) {
    try {
      validateMember(group, memberId, groupInstanceId)
    } catch (error) {
      if (error instanceof ApiError) return error.errorCode
      throw error
    }
  }
  dropMember(turn, group, memberId)
  return ErrorCode.NONE
}
