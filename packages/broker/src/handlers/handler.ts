/**
 * What a handler is: the one place that serves an API key, in all versions. It gets the services that it
 * needs when it is made, never the broker.
 */
import type { Awaitable } from '@barnabas/base'
import type { MessageType } from '@barnabas/protocol'
import type { RequestContext } from '../request/request-context.ts'
import type { AclOperation } from '../security/authorizer.ts'

/**
 * Who may send this request. `anyone`: it reveals and changes nothing worth protecting. `by-resource`: the
 * handler decides for each thing that the request names. An operation: it must be allowed on the cluster.
 */
export type Authorization = 'anyone' | 'by-resource' | { cluster: AclOperation }

export interface Handler<Request = any, Response = any> {
  /** The codec of its requests; the API key is that of the message. */
  readonly request: MessageType<Request>
  readonly response: MessageType<Response>
  /** Versions that are served, when these are not all that the protocol knows. */
  readonly versions?: readonly [min: number, max: number]
  /** The lowest version that is announced, when it is not the lowest that is served. */
  readonly announcedMinVersion?: number
  readonly authorization: Authorization
  /** Null: the request wants no response. An `ApiError` becomes what `failure` says. */
  handle(context: RequestContext, request: Request): Awaitable<Response | null>
  /** The response of a request that failed as a whole; null when it wants none. */
  failure(request: Request, errorCode: number, message: string | null): Response | null
}

/** Gives the literal of a handler its types. */
export function handler<Request, Response>(
  definition: Handler<Request, Response>,
): Handler<Request, Response> {
  return definition
}
