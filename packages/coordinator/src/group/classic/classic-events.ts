/** What happens to a classic group by itself: timers, and failures to store. */
import type { GroupEvent, Turn } from '../group-kinds.ts'
import type { ClassicGroup } from './classic-group.ts'
import {
  onInitialDelayPassed,
  onJoinTimedOut,
  onSessionExpired,
  onSyncTimedOut,
} from './classic-rebalance.ts'
import { onSyncNotStored } from './classic-sync.ts'

export function onClassicEvent(turn: Turn, group: ClassicGroup, event: GroupEvent): void {
  switch (event.kind) {
    case 'sessionExpired':
      return onSessionExpired(turn, group, event.memberId)
    case 'initialDelayPassed':
      return onInitialDelayPassed(turn, group, event.delayMs, event.remainingMs)
    case 'joinTimedOut':
      return onJoinTimedOut(turn, group)
    case 'syncTimedOut':
      return onSyncTimedOut(turn, group, event.generationId)
    case 'syncNotStored':
      return onSyncNotStored(turn, group, event.generationId, event.errorCode)
  }
}
