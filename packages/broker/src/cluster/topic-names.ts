/** Which names topics may have, and which of them belong to the broker itself. */

export const CONSUMER_OFFSETS = '__consumer_offsets'
export const TRANSACTION_STATE = '__transaction_state'
export const SHARE_GROUP_STATE = '__share_group_state'

const INTERNAL_TOPICS: ReadonlySet<string> = new Set([
  CONSUMER_OFFSETS,
  TRANSACTION_STATE,
  SHARE_GROUP_STATE,
])
const NAME = /^[a-zA-Z0-9._-]{1,249}$/

export function isInternalTopic(name: string): boolean {
  return INTERNAL_TOPICS.has(name)
}

export function isTopicName(name: string): boolean {
  return NAME.test(name) && name !== '.' && name !== '..'
}
