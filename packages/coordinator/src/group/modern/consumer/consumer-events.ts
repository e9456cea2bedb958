/** What happens to a consumer group by itself. State is looked at again: whatever it is about may be gone. */
import type { GroupEvent } from '../../group-kinds.ts'
import type { ModernTurn } from '../modern-turn.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import { fenceMembers } from './consumer-leave.ts'
import { joined, keepAlive, limitRevocation } from './member-timers.ts'
import { onPatternsResolved } from './patterns.ts'

export function onConsumerGroupEvent(
  turn: ModernTurn,
  group: ConsumerGroup,
  event: GroupEvent,
): void {
  switch (event.kind) {
    case 'sessionExpired':
    case 'memberSyncTimedOut':
      return fence(turn, group, event.memberId)
    case 'memberJoinTimedOut':
      joined(turn, group.groupId, event.memberId)
      return fence(turn, group, event.memberId)
    case 'rebalanceTimedOut':
      if (group.member(event.memberId)?.memberEpoch !== event.memberEpoch) return
      return fence(turn, group, event.memberId)
    case 'patternsResolved':
      return onPatternsResolved(turn, group, event)
  }
}

/** A fresh coordinator gives every member its time anew. */
export function onConsumerGroupLoaded(turn: ModernTurn, group: ConsumerGroup): void {
  const { groupId } = group
  for (const member of group.members()) {
    keepAlive(turn, groupId, member.memberId)
    if (member.state === 'unrevokedPartitions') limitRevocation(turn, groupId, member)
  }
  if (group.hasPatterns) turn.soft.stalePatterns.add(groupId)
}

function fence(turn: ModernTurn, group: ConsumerGroup, memberId: string): void {
  const member = group.member(memberId)
  if (member !== undefined) fenceMembers(turn, group, [member])
}
