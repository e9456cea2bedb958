/**
 * How a classic group gets from one generation to the next: everybody is asked to rejoin (their heartbeats
 * say so), all who do within the time become the next generation, and are answered together.
 */
import { ApiError } from '@barnabas/base'
import {
  createGroupMetadataKey,
  createJoinGroupResponse,
  createJoinGroupResponseMember,
  createSyncGroupResponse,
  EMPTY_BYTES,
  ErrorCode,
  type JoinGroupResponse,
  type JoinGroupResponseMember,
} from '@barnabas/protocol'
import type { Turn } from '../group-kinds.ts'
import { joinTimer, sessionTimer, syncTimer } from '../timer-keys.ts'
import type { ClassicGroup } from './classic-group.ts'
import { protocolMetadata, type ClassicMember } from './classic-member.ts'

/** Stores the group as it is now. */
export function storeGroup(turn: Turn, group: ClassicGroup): void {
  const key = createGroupMetadataKey({ group: group.groupId })
  turn.out.append({ type: 'groupMetadata', key, value: group.toStored() })
}

/** Checks who speaks: unknown members and older holders of an instance id are refused. */
export function validateMember(
  group: ClassicGroup,
  memberId: string,
  groupInstanceId: string | null,
): ClassicMember {
  if (groupInstanceId !== null) {
    const holder = group.staticMemberId(groupInstanceId)
    if (holder === undefined) throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID)
    if (holder !== memberId) throw new ApiError(ErrorCode.FENCED_INSTANCE_ID)
  }
  const member = group.member(memberId)
  if (member === undefined) throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID)
  return member
}

export function keepAlive(
  turn: Turn,
  group: ClassicGroup,
  member: ClassicMember,
  timeoutMs: number = member.sessionTimeoutMs,
): void {
  const { groupId } = group
  const { memberId } = member
  const event = { kind: 'sessionExpired', groupId, memberId } as const
  turn.out.arm(sessionTimer(groupId, memberId), timeoutMs, event)
}

/** Takes a member out; its parked requests are told that it is unknown, so that a live client starts over. */
export function dropMember(turn: Turn, group: ClassicGroup, memberId: string): void {
  const member = group.member(memberId)
  turn.out.cancel(sessionTimer(group.groupId, memberId))
  if (member !== undefined) failParked(turn, member, ErrorCode.UNKNOWN_MEMBER_ID, '')
  group.remove(memberId)
}

export function failParked(
  turn: Turn,
  member: ClassicMember,
  errorCode: number,
  memberId: string,
): void {
  const { joinRequestId, syncRequestId } = member
  if (joinRequestId !== null) turn.out.release(joinRequestId, joinFailure(memberId, errorCode))
  if (syncRequestId !== null) {
    turn.out.release(syncRequestId, createSyncGroupResponse({ errorCode }))
  }
}

export function joinFailure(memberId: string, errorCode: number): JoinGroupResponse {
  return createJoinGroupResponse({
    memberId,
    errorCode,
    generationId: -1,
    protocolName: null,
    protocolType: null,
  })
}

/** Starts a rebalance, or sees whether the one under way can end. */
export function rebalance(turn: Turn, group: ClassicGroup): void {
  if (group.state === 'PreparingRebalance') completeJoinIfAllDid(turn, group)
  else prepareRebalance(turn, group)
}

export function prepareRebalance(turn: Turn, group: ClassicGroup): void {
  const { groupId } = group
  if (group.state === 'CompletingRebalance') {
    propagateFailure(turn, group, ErrorCode.REBALANCE_IN_PROGRESS)
  }
  turn.out.cancel(syncTimer(groupId))
  const initial = group.state === 'Empty'
  group.transitionTo('PreparingRebalance', turn.nowMs)
  if (initial) {
    const delayMs = turn.config.initialRebalanceDelayMs
    const remainingMs = Math.max(group.rebalanceTimeoutMs() - delayMs, 0)
    delayInitialRebalance(turn, groupId, delayMs, remainingMs)
  } else if (group.hasAllMembersJoined()) completeJoin(turn, group)
  else armJoinTimer(turn, group)
}

/** The delay of the first rebalance passed; it is prolonged as long as new members come. */
export function onInitialDelayPassed(
  turn: Turn,
  group: ClassicGroup,
  delayMs: number,
  remainingMs: number,
): void {
  if (!group.isInitialRebalance) return
  if (!group.newMemberAdded || remainingMs === 0) return completeJoin(turn, group)
  group.newMemberAdded = false
  const nextDelayMs = Math.min(turn.config.initialRebalanceDelayMs, remainingMs)
  delayInitialRebalance(turn, group.groupId, nextDelayMs, Math.max(remainingMs - delayMs, 0))
}

/** Ends the phase of joining, unless somebody is still expected. The first rebalance waits in any case. */
export function completeJoinIfAllDid(turn: Turn, group: ClassicGroup): void {
  if (group.state !== 'PreparingRebalance' || group.isInitialRebalance) return
  if (group.hasAllMembersJoined()) completeJoin(turn, group)
}

export function onJoinTimedOut(turn: Turn, group: ClassicGroup): void {
  if (group.state === 'PreparingRebalance') completeJoin(turn, group)
}

function completeJoin(turn: Turn, group: ClassicGroup): void {
  turn.out.cancel(joinTimer(group.groupId))
  for (const { memberId, joinRequestId, groupInstanceId } of group.members()) {
    if (joinRequestId === null && groupInstanceId === null) dropMember(turn, group, memberId)
  }
  // Only static members are left and none of them is here: wait until one is, or their sessions end.
  if (!group.electJoinedLeader() && group.size > 0) return armJoinTimer(turn, group)
  group.beginGeneration(turn.nowMs)
  if (group.state === 'Empty') return storeGroup(turn, group)
  const all = leadersView(group)
  for (const member of group.members()) {
    const { joinRequestId, memberId } = member
    if (joinRequestId !== null) {
      turn.out.release(joinRequestId, generationResponse(group, memberId, all))
    }
    keepAlive(turn, group, group.update(member, { joinRequestId: null, isNew: false }))
    group.addPendingSync(memberId)
  }
  const { groupId, generationId } = group
  const event = { kind: 'syncTimedOut', groupId, generationId } as const
  turn.out.arm(syncTimer(groupId), group.rebalanceTimeoutMs(), event)
}

/** The members that did not fetch their assignment in time are out, and the others start over. */
export function onSyncTimedOut(turn: Turn, group: ClassicGroup, generationId: number): void {
  if (group.generationId !== generationId) return
  if (group.state !== 'CompletingRebalance' && group.state !== 'Stable') return
  const missing = group.pendingSyncMembers()
  if (missing.length === 0) return
  for (const memberId of missing) dropMember(turn, group, memberId)
  prepareRebalance(turn, group)
}

/** A member was not heard of. Those that wait for an answer are alive as far as anybody can tell. */
export function onSessionExpired(turn: Turn, group: ClassicGroup, memberId: string): void {
  const member = group.member(memberId)
  if (member === undefined) {
    if (!group.isPending(memberId)) return
    group.remove(memberId)
    return completeJoinIfAllDid(turn, group)
  }
  const { isNew, joinRequestId, syncRequestId } = member
  if (!isNew && (joinRequestId !== null || syncRequestId !== null)) return
  dropMember(turn, group, memberId)
  rebalance(turn, group)
}

/** All that wait for their assignment get an error and have to rejoin. */
export function propagateFailure(turn: Turn, group: ClassicGroup, errorCode: number): void {
  for (const member of group.members()) {
    const { syncRequestId } = member
    const updated = group.update(member, { assignment: EMPTY_BYTES, syncRequestId: null })
    if (syncRequestId === null) continue
    turn.out.release(syncRequestId, createSyncGroupResponse({ errorCode }))
    keepAlive(turn, group, updated)
  }
}

/** The present generation, as told to one member; the leader is also told who else there is. */
export function generationResponse(
  group: ClassicGroup,
  memberId: string,
  members: readonly JoinGroupResponseMember[],
): JoinGroupResponse {
  return createJoinGroupResponse({
    generationId: group.generationId,
    protocolType: group.protocolType,
    protocolName: group.protocolName,
    leader: group.leaderId ?? '',
    memberId,
    members: group.isLeader(memberId) ? [...members] : [],
  })
}

/** All members with their metadata for the chosen protocol. */
export function leadersView(group: ClassicGroup): JoinGroupResponseMember[] {
  const protocolName = group.protocolName ?? ''
  return group.members().map((member) =>
    createJoinGroupResponseMember({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      metadata: protocolMetadata(member, protocolName),
    }),
  )
}

function armJoinTimer(turn: Turn, group: ClassicGroup): void {
  const { groupId } = group
  turn.out.arm(joinTimer(groupId), group.rebalanceTimeoutMs(), { kind: 'joinTimedOut', groupId })
}

function delayInitialRebalance(
  turn: Turn,
  groupId: string,
  delayMs: number,
  remainingMs: number,
): void {
  const event = { kind: 'initialDelayPassed', groupId, delayMs, remainingMs } as const
  turn.out.arm(joinTimer(groupId), delayMs, event)
}
