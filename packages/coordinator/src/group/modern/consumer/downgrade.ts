/**
 * A consumer group becomes a classic group when only members of the classic protocol are left in it. They
 * keep their partitions, and rejoin as members of any classic group do.
 */
import {
  createGroupMetadataKey,
  createGroupMetadataValue,
  createGroupMetadataValueMemberMetadata,
  type GroupMetadataValue,
} from '@barnabas/protocol'
import { ClassicGroup } from '../../classic/classic-group.ts'
import { protocolMetadata, type ClassicMember } from '../../classic/classic-member.ts'
import { keepAlive, prepareRebalance } from '../../classic/classic-rebalance.ts'
import type { ModernTurn } from '../modern-turn.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerMember } from './consumer-member.ts'
import { CONSUMER_PROTOCOL, orNotConvertible, writeAssignment } from './consumer-protocol.ts'
import { groupTombstones } from './consumer-records.ts'
import { cancelTimers } from './member-timers.ts'

export interface Downgrade {
  readonly leaving: readonly ConsumerMember[]
  /** A classic member that takes the place of a static one; its records have been written already. */
  readonly joining: ConsumerMember | null
  /** The assignment is not up to date: everybody is to rejoin. */
  readonly rebalance: boolean
}

export function mayDowngradeWithout(
  turn: ModernTurn,
  group: ConsumerGroup,
  leaving: readonly ConsumerMember[],
): boolean {
  const gone = new Set(leaving.map(({ memberId }) => memberId))
  const left = [...group.members()].filter(({ memberId }) => !gone.has(memberId))
  return left.length > 0 && mayDowngradeTo(turn, left)
}

/** The replaced member was the last that spoke the consumer protocol. */
export function mayDowngradeReplacing(
  turn: ModernTurn,
  group: ConsumerGroup,
  replaced: ConsumerMember,
): boolean {
  if (replaced.classic !== null) return false
  const others = [...group.members()].filter(({ memberId }) => memberId !== replaced.memberId)
  return mayDowngradeTo(turn, others, group.size)
}

function mayDowngradeTo(
  { config }: ModernTurn,
  members: readonly ConsumerMember[],
  size: number = members.length,
): boolean {
  const { consumerMigrationPolicy, maxSize } = config
  if (consumerMigrationPolicy !== 'downgrade' && consumerMigrationPolicy !== 'bidirectional') {
    return false
  }
  return size <= maxSize && members.every(({ classic }) => classic !== null)
}

export function convertToClassicGroup(
  turn: ModernTurn,
  group: ConsumerGroup,
  { leaving, joining, rebalance }: Downgrade,
): void {
  const { groupId } = group
  const replaced = joining === null ? undefined : group.staticMemberId(joining.instanceId)
  const memberIds = [...group.members()].map(({ memberId }) =>
    joining !== null && memberId === replaced ? joining.memberId : memberId,
  )
  for (const record of groupTombstones(group, memberIds)) turn.out.append(record)
  const gone = new Set([...leaving.map(({ memberId }) => memberId), replaced])
  const staying = [...group.members()].filter(({ memberId }) => !gone.has(memberId))
  for (const { memberId } of staying) cancelTimers(turn, groupId, memberId)
  const classic = orNotConvertible(groupId, () =>
    classicGroupOf(turn, group, joining === null ? staying : [...staying, joining], replaced),
  )
  const key = createGroupMetadataKey({ group: groupId })
  turn.out.append({ type: 'groupMetadata', key, value: classic.stored })
  turn.groups.prepare(classic)
  for (const member of classic.members()) keepAlive(turn, classic, member)
  if (rebalance) prepareRebalance(turn, classic)
}

function classicGroupOf(
  turn: ModernTurn,
  group: ConsumerGroup,
  members: readonly ConsumerMember[],
  replaced: string | undefined,
): ClassicGroup {
  const { groupId, groupEpoch } = group
  const draft = new ClassicGroup(turn.groups.timeline, groupId, turn.nowMs)
  for (const member of members) draft.add(classicMemberOf(draft, member), CONSUMER_PROTOCOL)
  const protocol = draft.selectProtocol()
  for (const member of draft.members()) {
    const { memberId } = member
    // Who takes the place of another has its target.
    const known = group.member(memberId) !== undefined
    const target = group.target(known ? memberId : (replaced ?? memberId))
    const subscription = protocolMetadata(member, protocol)
    draft.update(member, { assignment: writeAssignment(target, turn.metadata, subscription) })
  }
  const classic = new ClassicGroup(turn.groups.timeline, groupId, turn.nowMs)
  classic.applyStored(storedValue(turn, draft, groupEpoch, protocol))
  classic.restore()
  for (const { memberId, protocols } of draft.members()) {
    classic.update(classic.member(memberId)!, { protocols })
  }
  return classic
}

function classicMemberOf(group: ClassicGroup, member: ConsumerMember): ClassicMember {
  const { memberId, clientId, clientHost, rebalanceTimeoutMs } = member
  const { sessionTimeoutMs, supportedProtocols } = member.classic!
  return {
    memberId,
    groupInstanceId: member.instanceId,
    clientId,
    clientHost,
    rebalanceTimeoutMs,
    sessionTimeoutMs,
    protocols: supportedProtocols.map(({ name, metadata }) => ({ name, metadata })),
    assignment: new Uint8Array(0),
    isNew: false,
    joinRequestId: null,
    syncRequestId: null,
    arrival: group.nextArrival(),
  }
}

function storedValue(
  turn: ModernTurn,
  classic: ClassicGroup,
  generation: number,
  protocol: string,
): GroupMetadataValue {
  return createGroupMetadataValue({
    protocolType: CONSUMER_PROTOCOL,
    generation,
    protocol,
    leader: classic.leaderId,
    currentStateTimestamp: turn.nowMs,
    members: classic.members().map((member) =>
      createGroupMetadataValueMemberMetadata({
        memberId: member.memberId,
        groupInstanceId: member.groupInstanceId,
        clientId: member.clientId,
        clientHost: member.clientHost,
        rebalanceTimeout: member.rebalanceTimeoutMs,
        sessionTimeout: member.sessionTimeoutMs,
        subscription: protocolMetadata(member, protocol),
        assignment: member.assignment,
      }),
    ),
  })
}
