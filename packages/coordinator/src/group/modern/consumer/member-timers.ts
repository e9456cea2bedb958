/** The timers of a member of a consumer group. */
import { sessionTimer } from '../../timer-keys.ts'
import { groupSetting } from '../modern-config.ts'
import { memberJoinTimer, memberSyncTimer, rebalanceTimer } from '../modern-timers.ts'
import type { ModernTurn } from '../modern-turn.ts'
import type { ConsumerMember } from './consumer-member.ts'

/** The session begins anew. Classic members say themselves how long it lasts. */
export function keepAlive(
  turn: ModernTurn,
  groupId: string,
  memberId: string,
  timeoutMs: number = sessionTimeoutMs(turn, groupId),
): void {
  const event = { kind: 'sessionExpired', groupId, memberId } as const
  turn.out.arm(sessionTimer(groupId, memberId), timeoutMs, event)
}

function sessionTimeoutMs({ metadata, config }: ModernTurn, groupId: string): number {
  const { consumerSessionTimeoutMs } = config
  return groupSetting(metadata, groupId, 'consumer.session.timeout.ms', consumerSessionTimeoutMs)
}

/** While partitions are to be given up there is a limit to the time it may take. */
export function limitRevocation(turn: ModernTurn, groupId: string, member: ConsumerMember): void {
  const { memberId, memberEpoch, rebalanceTimeoutMs, state } = member
  const key = rebalanceTimer(groupId, memberId)
  if (state !== 'unrevokedPartitions') return turn.out.cancel(key)
  const event = { kind: 'rebalanceTimedOut', groupId, memberId, memberEpoch } as const
  turn.out.arm(key, rebalanceTimeoutMs, event)
}

/** A classic member was told to rejoin. */
export function limitJoin(turn: ModernTurn, groupId: string, member: ConsumerMember): void {
  const { memberId, rebalanceTimeoutMs } = member
  const event = { kind: 'memberJoinTimedOut', groupId, memberId } as const
  turn.soft.armUnlessRunning(turn, memberJoinTimer(groupId, memberId), rebalanceTimeoutMs, event)
}

export function joined(turn: ModernTurn, groupId: string, memberId: string): void {
  turn.soft.stop(turn, memberJoinTimer(groupId, memberId))
}

/** A classic member has joined and is to fetch its assignment. */
export function limitSync(
  turn: ModernTurn,
  groupId: string,
  memberId: string,
  timeoutMs: number,
): void {
  const event = { kind: 'memberSyncTimedOut', groupId, memberId } as const
  turn.out.arm(memberSyncTimer(groupId, memberId), timeoutMs, event)
}

export function synced(turn: ModernTurn, groupId: string, memberId: string): void {
  turn.out.cancel(memberSyncTimer(groupId, memberId))
}

export function cancelTimers(turn: ModernTurn, groupId: string, memberId: string): void {
  turn.out.cancel(sessionTimer(groupId, memberId))
  turn.out.cancel(rebalanceTimer(groupId, memberId))
  joined(turn, groupId, memberId)
  synced(turn, groupId, memberId)
}
