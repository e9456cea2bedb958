/** What an error code means for a transaction. */
import { ErrorCode, errorOf } from '@barnabas/protocol'

export type TransactionVerdict = 'ok' | 'retry' | 'findCoordinator' | 'abortable' | 'fatal'

const COORDINATOR_MOVED: ReadonlySet<number> = new Set([
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
])

/** After these the producer can do nothing more, whatever it tries. */
const FATAL: ReadonlySet<number> = new Set([
  ErrorCode.PRODUCER_FENCED,
  ErrorCode.INVALID_PRODUCER_EPOCH,
  ErrorCode.TRANSACTION_COORDINATOR_FENCED,
  ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  ErrorCode.INVALID_TXN_STATE,
  ErrorCode.INVALID_TRANSACTION_TIMEOUT,
  ErrorCode.UNSUPPORTED_FOR_MESSAGE_FORMAT,
  ErrorCode.UNSUPPORTED_VERSION,
  ErrorCode.INVALID_REQUEST,
])

/** Of an answer of a coordinator. */
export function verdictOf(errorCode: number): TransactionVerdict {
  if (errorCode === ErrorCode.NONE) return 'ok'
  if (COORDINATOR_MOVED.has(errorCode)) return 'findCoordinator'
  if (FATAL.has(errorCode)) return 'fatal'
  if (errorOf(errorCode).retriable) return 'retry'
  return 'abortable'
}

/** Of a produce answer: an epoch that is too low there may have been raised by the coordinator's own abort. */
export function isFatalForProduce(errorCode: number): boolean {
  return (
    errorCode === ErrorCode.PRODUCER_FENCED ||
    errorCode === ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED ||
    errorCode === ErrorCode.CLUSTER_AUTHORIZATION_FAILED ||
    errorCode === ErrorCode.UNSUPPORTED_VERSION
  )
}
