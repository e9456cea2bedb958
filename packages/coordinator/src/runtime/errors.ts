/** What a client of a coordinator gets to hear when the coordinator's own log cannot be written. */
import { ApiError, EnvironmentError } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'

/**
 * The log speaks of partitions and replicas, the client of a coordinator knows of neither: it shall look for
 * the coordinator again (NOT_COORDINATOR), or wait and try again (COORDINATOR_NOT_AVAILABLE).
 */
export function coordinatorErrorCode(logErrorCode: number): number {
  switch (logErrorCode) {
    case ErrorCode.UNKNOWN_TOPIC_OR_PARTITION:
    case ErrorCode.NOT_ENOUGH_REPLICAS:
    case ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case ErrorCode.REQUEST_TIMED_OUT:
      return ErrorCode.COORDINATOR_NOT_AVAILABLE
    case ErrorCode.NOT_LEADER_OR_FOLLOWER:
    case ErrorCode.FENCED_LEADER_EPOCH:
    case ErrorCode.KAFKA_STORAGE_ERROR:
      return ErrorCode.NOT_COORDINATOR
    case ErrorCode.MESSAGE_TOO_LARGE:
    case ErrorCode.RECORD_LIST_TOO_LARGE:
    case ErrorCode.INVALID_FETCH_SIZE:
      return ErrorCode.UNKNOWN_SERVER_ERROR
    default:
      return logErrorCode
  }
}

/** The outcome for requests whose records could not be appended. Bugs are not among its arguments. */
export function appendFailure(error: unknown): ApiError {
  if (error instanceof ApiError) {
    return new ApiError(coordinatorErrorCode(error.errorCode), error.message)
  }
  if (error instanceof EnvironmentError) {
    return new ApiError(ErrorCode.NOT_COORDINATOR, error.message)
  }
  throw error
}
