/**
 * Names of the timers of groups. The length in front of the group id keeps `a:b` + `c` apart from
 * `a` + `b:c`.
 */

export function sessionTimer(groupId: string, memberId: string): string {
  return `session:${groupId.length}:${groupId}:${memberId}`
}

export function joinTimer(groupId: string): string {
  return `join:${groupId}`
}

export function syncTimer(groupId: string): string {
  return `sync:${groupId}`
}

/** There is one for the whole shard. */
export const EXPIRY_TIMER = 'expiry'
