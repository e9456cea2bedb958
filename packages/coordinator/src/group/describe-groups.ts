/** What administrators see of groups and do to them: DescribeGroups, ListGroups, DeleteGroups. */
import { ApiError } from '@barnabas/base'
import {
  createDescribeGroupsResponseDescribedGroup,
  createDescribeGroupsResponseDescribedGroupMember,
  createGroupMetadataKey,
  createListGroupsResponseListedGroup,
  EMPTY_BYTES,
  ErrorCode,
  type DescribeGroupsResponseDescribedGroup,
  type DescribeGroupsResponseDescribedGroupMember,
  type ListGroupsRequest,
  type ListGroupsResponseListedGroup,
} from '@barnabas/protocol'
import type { ClassicGroup } from './classic/classic-group.ts'
import { protocolMetadata, type ClassicMember } from './classic/classic-member.ts'
import type { Turn } from './group-kinds.ts'
import type { Group, GroupRegistry } from './group-registry.ts'
import { groupTombstones } from './modern/consumer/consumer-records.ts'
import { deleteAllOffsets } from './offsets/delete-offsets.ts'
import type { OffsetStore } from './offsets/offset-store.ts'

/** From this version on an unknown group is an error and no longer a dead group. */
const GROUP_NOT_FOUND_VERSION = 6

export function describeGroup(
  groups: GroupRegistry,
  groupId: string,
  apiVersion: number,
  offset: number,
): DescribeGroupsResponseDescribedGroup {
  const group = groups.getAt(groupId, offset)
  if (group?.type !== 'classic') return unknownGroup(groupId, apiVersion)
  return describeClassic(group)
}

function describeClassic(group: ClassicGroup): DescribeGroupsResponseDescribedGroup {
  const { groupId, state, protocolType } = group
  const protocolName = state === 'Stable' ? group.protocolName : null
  return createDescribeGroupsResponseDescribedGroup({
    groupId,
    groupState: state,
    protocolType: protocolType ?? '',
    protocolData: protocolName ?? '',
    members: group.members().map((member) => describeMember(member, protocolName)),
  })
}

/** What members said and got counts only while the group is stable. */
function describeMember(
  member: ClassicMember,
  protocolName: string | null,
): DescribeGroupsResponseDescribedGroupMember {
  const { memberId, groupInstanceId, clientId, clientHost, assignment } = member
  return createDescribeGroupsResponseDescribedGroupMember({
    memberId,
    groupInstanceId,
    clientId,
    clientHost,
    memberMetadata: protocolName === null ? EMPTY_BYTES : protocolMetadata(member, protocolName),
    memberAssignment: protocolName === null ? EMPTY_BYTES : assignment,
  })
}

function unknownGroup(groupId: string, apiVersion: number): DescribeGroupsResponseDescribedGroup {
  const dead = createDescribeGroupsResponseDescribedGroup({ groupId, groupState: 'Dead' })
  if (apiVersion < GROUP_NOT_FOUND_VERSION) return dead
  dead.errorCode = ErrorCode.GROUP_ID_NOT_FOUND
  dead.errorMessage = `Group ${groupId} not found.`
  return dead
}

/** Filters are lists of names in any case; names nobody knows match nothing. */
export function listGroups(
  groups: GroupRegistry,
  { statesFilter, typesFilter }: Pick<ListGroupsRequest, 'statesFilter' | 'typesFilter'>,
  offset: number,
): ListGroupsResponseListedGroup[] {
  const states = lowerCase(statesFilter)
  const types = lowerCase(typesFilter)
  const listed: ListGroupsResponseListedGroup[] = []
  for (const group of groups.valuesAt(offset)) {
    const entry = listGroup(group, offset)
    const { groupState, groupType } = entry
    if (states.size > 0 && !states.has(groupState.toLowerCase())) continue
    if (types.size > 0 && !types.has(groupType)) continue
    listed.push(entry)
  }
  return listed
}

function listGroup(group: Group, offset: number): ListGroupsResponseListedGroup {
  const { groupId, protocolType } = group
  const state = group.type === 'classic' ? group.state : group.stateAt(offset)
  return createListGroupsResponseListedGroup({
    groupId,
    protocolType: protocolType ?? '',
    groupState: state,
    groupType: group.type,
  })
}

function lowerCase(names: readonly string[]): Set<string> {
  return new Set(names.map((name) => name.toLowerCase()))
}

/** Only groups without members can be deleted, and their offsets go with them. */
export function deleteGroup(
  turn: Turn,
  groups: GroupRegistry,
  store: OffsetStore,
  groupId: string,
): void {
  const group = groups.get(groupId)
  if (group === undefined) throw new ApiError(ErrorCode.GROUP_ID_NOT_FOUND)
  if (group.state !== 'Empty') throw new ApiError(ErrorCode.NON_EMPTY_GROUP)
  deleteAllOffsets(turn, store, groupId)
  writeGroupTombstones(turn, group)
}

export function writeGroupTombstones(turn: Turn, group: Group): void {
  if (group.type === 'consumer') {
    for (const record of groupTombstones(group, [])) turn.out.append(record)
    return
  }
  const key = createGroupMetadataKey({ group: group.groupId })
  turn.out.append({ type: 'groupMetadata', key, value: null })
}
