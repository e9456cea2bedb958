/**
 * JoinGroup of the classic protocol. A consumer that is new gets a member id first and comes back with it
 * (KIP-394); a static one is known by its instance id and takes the place of its earlier life (KIP-345).
 */
import { ApiError, randomHexUuid } from '@barnabas/base'
import {
  EMPTY_BYTES,
  ErrorCode,
  type JoinGroupRequest,
  type JoinGroupResponse,
} from '@barnabas/protocol'
import type { RequestInfo, Turn } from '../group-kinds.ts'
import { PARKED, type Parked } from '../../runtime/outcome.ts'
import { sessionTimer } from '../timer-keys.ts'
import type { ClassicGroup } from './classic-group.ts'
import { sameProtocols, type ClassicMember, type MemberProtocol } from './classic-member.ts'
import {
  completeJoinIfAllDid,
  dropMember,
  failParked,
  generationResponse,
  joinFailure,
  keepAlive,
  leadersView,
  prepareRebalance,
  rebalance,
  storeGroup,
  validateMember,
} from './classic-rebalance.ts'

/** From this version on a new member must come back with the id it is given. */
const KNOWN_MEMBER_ID_VERSION = 4
/** From this version on a leader can be told that there is nothing to assign (KIP-814). */
const SKIP_ASSIGNMENT_VERSION = 9

/** A JoinGroup request, its bytes copied so that the group may keep them. */
interface Joining {
  readonly request: JoinGroupRequest
  readonly info: RequestInfo
  readonly protocols: readonly MemberProtocol[]
}

export function joinGroup(
  turn: Turn,
  group: ClassicGroup,
  request: JoinGroupRequest,
  info: RequestInfo,
): JoinGroupResponse | Parked {
  const { memberId, protocolType } = request
  if (!hasRoomFor(turn, group, memberId)) {
    dropMember(turn, group, memberId)
    completeJoinIfAllDid(turn, group)
    return joinFailure('', ErrorCode.GROUP_MAX_SIZE_REACHED)
  }
  const protocols = request.protocols.map(({ name, metadata }) => {
    return { name, metadata: Uint8Array.from(metadata) }
  })
  if (!group.supportsProtocols(protocolType, protocols)) {
    return joinFailure(memberId, ErrorCode.INCONSISTENT_GROUP_PROTOCOL)
  }
  const joining = { request, info, protocols }
  return memberId === '' ? joinNew(turn, group, joining) : joinKnown(turn, group, joining)
}

function hasRoomFor(turn: Turn, group: ClassicGroup, memberId: string): boolean {
  const { maxSize } = turn.config
  const member = group.member(memberId)
  switch (group.state) {
    case 'Empty':
      return true
    case 'PreparingRebalance':
      // Only those who rejoined count: who does not will be dropped.
      return (
        (member !== undefined && member.joinRequestId !== null) || group.awaitingJoinCount < maxSize
      )
    default:
      return member !== undefined || group.size < maxSize
  }
}

function joinNew(turn: Turn, group: ClassicGroup, joining: Joining): JoinGroupResponse | Parked {
  const { groupInstanceId, sessionTimeoutMs } = joining.request
  const { clientId, apiVersion } = joining.info
  const memberId = `${groupInstanceId ?? clientId}-${randomHexUuid(turn.entropy)}`
  if (groupInstanceId !== null) {
    const earlierId = group.staticMemberId(groupInstanceId)
    const earlier = earlierId === undefined ? undefined : group.member(earlierId)
    if (earlier !== undefined) return replaceStatic(turn, group, earlier, memberId, joining)
  } else if (apiVersion >= KNOWN_MEMBER_ID_VERSION) {
    group.addPending(memberId)
    const { groupId } = group
    const event = { kind: 'sessionExpired', groupId, memberId } as const
    turn.out.arm(sessionTimer(groupId, memberId), sessionTimeoutMs, event)
    return joinFailure(memberId, ErrorCode.MEMBER_ID_REQUIRED)
  }
  return addMember(turn, group, memberId, joining)
}

function joinKnown(turn: Turn, group: ClassicGroup, joining: Joining): JoinGroupResponse | Parked {
  const { memberId, groupInstanceId } = joining.request
  if (group.isPending(memberId)) {
    // Ids are only given out to dynamic members.
    if (groupInstanceId !== null) return joinFailure(memberId, ErrorCode.UNKNOWN_MEMBER_ID)
    return addMember(turn, group, memberId, joining)
  }
  const member = validateMember(group, memberId, groupInstanceId)
  switch (group.state) {
    case 'PreparingRebalance':
      return rejoin(turn, group, member, joining)
    case 'CompletingRebalance':
      // The response may have been lost: it is given again.
      if (!sameProtocols(member.protocols, joining.protocols)) {
        return rejoin(turn, group, member, joining)
      }
      return presentGeneration(group, memberId)
    case 'Stable':
      // A leader rejoins to have the partitions assigned anew, whatever it says of itself.
      if (group.isLeader(memberId) || !sameProtocols(member.protocols, joining.protocols)) {
        return rejoin(turn, group, member, joining)
      }
      return presentGeneration(group, memberId)
    case 'Empty':
      throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID)
  }
}

function presentGeneration(group: ClassicGroup, memberId: string): JoinGroupResponse {
  return generationResponse(group, memberId, group.isLeader(memberId) ? leadersView(group) : [])
}

function addMember(turn: Turn, group: ClassicGroup, memberId: string, joining: Joining): Parked {
  const { request, info, protocols } = joining
  const { rebalanceTimeoutMs, sessionTimeoutMs, groupInstanceId } = request
  const member: ClassicMember = {
    memberId,
    groupInstanceId,
    clientId: info.clientId,
    clientHost: info.clientHost,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? sessionTimeoutMs : rebalanceTimeoutMs,
    sessionTimeoutMs,
    protocols,
    assignment: EMPTY_BYTES,
    isNew: true,
    joinRequestId: turn.requestId,
    syncRequestId: null,
    arrival: group.nextArrival(),
  }
  if (group.isInitialRebalance) group.newMemberAdded = true
  group.add(member, request.protocolType)
  // The client does not know its id yet and cannot send heartbeats, and a lost connection goes unnoticed
  // while the request is parked: it is given up after a while, and a live client tries again.
  keepAlive(turn, group, member, turn.config.newMemberJoinTimeoutMs)
  rebalance(turn, group)
  return PARKED
}

function rejoin(turn: Turn, group: ClassicGroup, member: ClassicMember, joining: Joining): Parked {
  takeOver(turn, group, member, joining)
  rebalance(turn, group)
  return PARKED
}

/** The member waits with this request from now on; one it still had parked is answered. */
function takeOver(turn: Turn, group: ClassicGroup, member: ClassicMember, joining: Joining): void {
  const { request, protocols } = joining
  const { rebalanceTimeoutMs, sessionTimeoutMs } = request
  if (member.joinRequestId !== null) {
    turn.out.release(
      member.joinRequestId,
      joinFailure(member.memberId, ErrorCode.REBALANCE_IN_PROGRESS),
    )
  }
  group.update(member, {
    protocols,
    sessionTimeoutMs,
    rebalanceTimeoutMs: rebalanceTimeoutMs === -1 ? sessionTimeoutMs : rebalanceTimeoutMs,
    joinRequestId: turn.requestId,
  })
}

/** A static member came back without its id: it gets a new one, and the old one is fenced. */
function replaceStatic(
  turn: Turn,
  group: ClassicGroup,
  earlier: ClassicMember,
  memberId: string,
  joining: Joining,
): JoinGroupResponse | Parked {
  const previousLeaderId = group.leaderId
  failParked(turn, earlier, ErrorCode.FENCED_INSTANCE_ID, earlier.memberId)
  turn.out.cancel(sessionTimer(group.groupId, earlier.memberId))
  const member = group.replaceStatic(earlier, memberId)
  takeOver(turn, group, member, joining)
  keepAlive(turn, group, group.member(memberId)!)
  switch (group.state) {
    case 'Stable':
      break
    case 'CompletingRebalance':
      // The leader may have been told the old id, so that the new one would get no partitions.
      prepareRebalance(turn, group)
      return PARKED
    default:
      completeJoinIfAllDid(turn, group)
      return PARKED
  }
  if (group.selectProtocol() !== group.protocolName) {
    prepareRebalance(turn, group)
    return PARKED
  }
  group.update(group.member(memberId)!, { joinRequestId: null })
  storeGroup(turn, group)
  if (joining.info.apiVersion >= SKIP_ASSIGNMENT_VERSION) {
    const response = presentGeneration(group, memberId)
    response.skipAssignment = group.isLeader(memberId)
    return response
  }
  // An older client that saw itself as the leader would assign partitions nobody asked it to: it is
  // told of the leader before it, who does not exist any more.
  const response = generationResponse(group, memberId, [])
  response.leader = previousLeaderId ?? ''
  response.members = []
  return response
}
