/**
 * The topics in the subscriptions that consumers exchange as protocol metadata. Only the part that all
 * versions share is read; the rest stays opaque.
 */
import { MalformedError } from '@barnabas/base'
import { Reader } from '@barnabas/protocol'

/** The topics of all subscriptions, null when one of them is not a consumer's. */
export function subscribedTopicsOf(subscriptions: readonly Uint8Array[]): Set<string> | null {
  const topics = new Set<string>()
  try {
    for (const bytes of subscriptions) {
      const reader = new Reader(bytes)
      const version = reader.int16()
      if (version < 0) return null
      for (let count = reader.arrayLength(); count > 0; count--) topics.add(reader.string())
    }
  } catch (error) {
    if (error instanceof MalformedError) return null
    throw error
  }
  return topics
}
