/**
 * A member of a consumer group (KIP-848). Immutable: a change puts another in its place.
 *
 *   stable                 has what it should have, as of its epoch
 *   unrevokedPartitions    has to give up partitions, and stays in its epoch until it says that it did
 *   unreleasedPartitions   in the new epoch, but some of its partitions are still with others
 *   unknown                stored by a version that knows more states
 */
import type {
  ConsumerGroupMemberMetadataValueClassicMemberMetadata,
  ConsumerGroupMemberMetadataValueClassicProtocol,
} from '@barnabas/protocol'
import type { ModernMember } from '../modern-group.ts'
import { NOTHING_OWNED, sameOwned, type OwnedPartitions } from './owned-partitions.ts'

export type ConsumerMemberState =
  | 'stable'
  | 'unrevokedPartitions'
  | 'unreleasedPartitions'
  | 'unknown'

/** What a member of the classic protocol said of itself when it joined. */
export type ClassicMetadata = ConsumerGroupMemberMetadataValueClassicMemberMetadata
export type ClassicProtocol = ConsumerGroupMemberMetadataValueClassicProtocol

export interface ConsumerMember extends ModernMember {
  readonly previousMemberEpoch: number
  readonly state: ConsumerMemberState
  readonly instanceId: string | null
  readonly rackId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly rebalanceTimeoutMs: number
  /** Empty (or null, in old records) without a pattern. */
  readonly subscribedPattern: string | null
  readonly serverAssignor: string | null
  readonly assigned: OwnedPartitions
  readonly pendingRevocation: OwnedPartitions
  /** Null for members of the consumer protocol. */
  readonly classic: ClassicMetadata | null
}

export const LEAVE_EPOCH = -1
export const STATIC_LEAVE_EPOCH = -2

export function newMember(memberId: string): ConsumerMember {
  return {
    memberId,
    memberEpoch: 0,
    previousMemberEpoch: -1,
    state: 'stable',
    instanceId: null,
    rackId: null,
    clientId: '',
    clientHost: '',
    rebalanceTimeoutMs: -1,
    subscribedTopics: [],
    subscribedPattern: '',
    serverAssignor: null,
    assigned: NOTHING_OWNED,
    pendingRevocation: NOTHING_OWNED,
    classic: null,
  }
}

/** The pattern a member subscribes to; null without one. */
export function patternOf(member: ConsumerMember | null | undefined): string | null {
  const pattern = member?.subscribedPattern
  return pattern === undefined || pattern === '' ? null : pattern
}

export function isReconciledTo(member: ConsumerMember, assignmentEpoch: number): boolean {
  return member.state === 'stable' && member.memberEpoch === assignmentEpoch
}

/** The same in what its member record says, so that none need be written. */
export function sameMetadata(one: ConsumerMember, other: ConsumerMember): boolean {
  return (
    one.instanceId === other.instanceId &&
    one.rackId === other.rackId &&
    one.clientId === other.clientId &&
    one.clientHost === other.clientHost &&
    one.rebalanceTimeoutMs === other.rebalanceTimeoutMs &&
    one.subscribedPattern === other.subscribedPattern &&
    one.serverAssignor === other.serverAssignor &&
    sameNames(one.subscribedTopics, other.subscribedTopics) &&
    sameClassic(one.classic, other.classic)
  )
}

/** The same in what its current assignment record says. */
export function sameProgress(one: ConsumerMember, other: ConsumerMember): boolean {
  return (
    one.memberEpoch === other.memberEpoch &&
    one.previousMemberEpoch === other.previousMemberEpoch &&
    one.state === other.state &&
    sameOwned(one.assigned, other.assigned) &&
    sameOwned(one.pendingRevocation, other.pendingRevocation)
  )
}

export function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return (
    some === others ||
    (some.length === others.length && some.every((name, n) => name === others[n]))
  )
}

/** A list of topics as members keep it; the old list when it says the same. */
export function topicList(names: readonly string[] | null, old: readonly string[]) {
  if (names === null) return old
  const list = [...new Set(names)].sort()
  return sameNames(list, old) ? old : list
}

function sameClassic(one: ClassicMetadata | null, other: ClassicMetadata | null): boolean {
  if (one === other) return true
  if (one === null || other === null) return false
  if (one.sessionTimeoutMs !== other.sessionTimeoutMs) return false
  const { length } = one.supportedProtocols
  if (length !== other.supportedProtocols.length) return false
  return one.supportedProtocols.every(({ name, metadata }, n) => {
    const protocol = other.supportedProtocols[n]!
    return name === protocol.name && Buffer.compare(metadata, protocol.metadata) === 0
  })
}
