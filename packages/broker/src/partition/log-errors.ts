/** What failures of a log are called on the wire. */
import { ApiError, EnvironmentError } from '@barnabas/base'
import { LogClosedError } from '@barnabas/log'
import { ErrorCode } from '@barnabas/protocol'

/** Rethrows what is no outcome but a defect. */
export function errorCodeOf(error: unknown): number {
  if (error instanceof ApiError) return error.errorCode
  // Deleted or moved away a moment ago: the client shall look for it elsewhere.
  if (error instanceof LogClosedError) return ErrorCode.NOT_LEADER_OR_FOLLOWER
  if (error instanceof EnvironmentError) return ErrorCode.KAFKA_STORAGE_ERROR
  throw error
}
