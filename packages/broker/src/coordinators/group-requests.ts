/** What all handlers of group requests need: the coordinator, and who is asking. */
import type { GroupCoordinator, RequestInfo } from '@barnabas/coordinator'
import type { RequestContext } from '../request/request-context.ts'
import { Access } from '../security/access.ts'
import type { AclOperation, Authorizer } from '../security/authorizer.ts'

export interface GroupServices {
  readonly authorizer: Authorizer
  groups(): GroupCoordinator
}

export function accessOf({ authorizer }: GroupServices, { connection }: RequestContext): Access {
  return new Access(authorizer, connection)
}

/** `topicOperation` is what the client must be allowed to do to topics that the request names. */
export function requestInfo(
  context: RequestContext,
  access: Access,
  topicOperation?: AclOperation,
): RequestInfo {
  const info = {
    apiVersion: context.apiVersion,
    clientId: context.clientId ?? '',
    clientHost: `/${context.connection.host}`,
  }
  if (topicOperation === undefined) return info
  return { ...info, isTopicAllowed: (topic) => access.topic(topicOperation, topic) }
}

/** Bytes of a request that outlive it: its memory is used again once it is answered. */
export function kept(bytes: Uint8Array): Uint8Array {
  return Buffer.from(bytes)
}
