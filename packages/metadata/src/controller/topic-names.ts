/** Which topic names are allowed. */
import { ErrorCode } from '@barnabas/protocol'
import { type ClusterImage, collisionName } from '../image/cluster-image.ts'
import { MAX_TOPIC_NAME_LENGTH } from './limits.ts'
import { apiError } from './outcome.ts'

export const CLUSTER_METADATA_TOPIC = '__cluster_metadata'

const INTERNAL = new Set(['__consumer_offsets', '__transaction_state', '__share_group_state'])
const ALLOWED = /^[a-zA-Z0-9._-]+$/

/** Topics of the cluster itself. Clients may read, but not delete records or produce as they like. */
export function isInternalTopic(name: string): boolean {
  return INTERNAL.has(name)
}

/** What is wrong with a topic name; null when it may be used. */
export function topicNameProblem(name: string): string | null {
  if (name === '') return 'a topic name must not be empty'
  if (name === '.' || name === '..') return `a topic cannot be called '${name}'`
  if (name.length > MAX_TOPIC_NAME_LENGTH) {
    return `a topic name has at most ${MAX_TOPIC_NAME_LENGTH} characters, this one ${name.length}`
  }
  if (!ALLOWED.test(name)) {
    return `'${name}' has characters other than letters, digits, '.', '_' and '-'`
  }
  return null
}

/** Throws INVALID_TOPIC_EXCEPTION for a name that a new topic must not have. */
export function checkNewTopicName(image: ClusterImage, name: string): void {
  const problem = topicNameProblem(name)
  if (problem !== null) {
    throw apiError(ErrorCode.INVALID_TOPIC_EXCEPTION, `Topic name is invalid: ${problem}`)
  }
  const key = collisionName(name)
  const other = key === null ? undefined : image.topics.collisions.get(key)
  if (other !== undefined) {
    throw apiError(
      ErrorCode.INVALID_TOPIC_EXCEPTION,
      `Topic '${name}' collides with existing topic: ${other}`,
    )
  }
}
