/** Names of the timers of consumer, share and streams groups; see `timer-keys.ts`. */

export function rebalanceTimer(groupId: string, memberId: string): string {
  return `rebalance:${groupId.length}:${groupId}:${memberId}`
}

export function memberJoinTimer(groupId: string, memberId: string): string {
  return `member-join:${groupId.length}:${groupId}:${memberId}`
}

export function memberSyncTimer(groupId: string, memberId: string): string {
  return `member-sync:${groupId.length}:${groupId}:${memberId}`
}

export function streamsDelayTimer(groupId: string): string {
  return `streams-delay:${groupId}`
}
