/**
 * InitProducerId of a transactional id: a producer comes for the first time, comes again, or recovers
 * (KIP-360) with the id and epoch it has. In any case every earlier incarnation is fenced from now on.
 */
import { ApiError } from '@barnabas/base'
import { ErrorCode, type InitProducerIdRequest } from '@barnabas/protocol'
import { fenceAndAbort } from './end-transaction.ts'
import { NO_TIMEOUT_MS } from './limits.ts'
import { storeTransaction } from './store.ts'
import {
  NEEDS_PRODUCER_ID,
  type NeedsProducerId,
  type TransactionTurn,
} from './transaction-kinds.ts'
import type { LastIncarnation } from './transaction-registry.ts'
import { isPrepared } from './transaction-state.ts'
import {
  firstIncarnation,
  isEpochExhausted,
  nextIncarnation,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  type Transaction,
} from './transaction.ts'

export interface InitProducerIdResult {
  readonly errorCode: number
  readonly producerId: number
  readonly producerEpoch: number
}

/** The transaction that was open is being aborted; the producer shall ask again. */
const ASK_AGAIN: InitProducerIdResult = {
  errorCode: ErrorCode.CONCURRENT_TRANSACTIONS,
  producerId: NO_PRODUCER_ID,
  producerEpoch: NO_PRODUCER_EPOCH,
}

/** What the producer says it is; null when it says nothing. */
interface Expected {
  readonly producerId: number
  readonly producerEpoch: number
}

export function initProducerId(
  turn: TransactionTurn,
  request: InitProducerIdRequest,
): InitProducerIdResult | NeedsProducerId {
  const expected = expectedOf(request)
  const { transactionalId, timeoutMs } = validated(turn, request)
  const transaction = turn.transactions.get(transactionalId)
  if (transaction === undefined) {
    if (turn.freshProducerId === null) return NEEDS_PRODUCER_ID
    const first = firstIncarnation(turn.freshProducerId, timeoutMs, turn.nowMs)
    return begin(turn, transactionalId, first, NO_PRODUCER_EPOCH)
  }
  if (isPrepared(transaction.state)) throw new ApiError(ErrorCode.CONCURRENT_TRANSACTIONS)
  const last = turn.transactions.lastIncarnation(transactionalId)
  if (expected !== null && !mayContinue(expected, transaction, last)) {
    throw new ApiError(ErrorCode.PRODUCER_FENCED)
  }
  if (transaction.state === 'Ongoing') {
    // The fencing epoch is given to nobody: the producer asks again and gets the one after it.
    const aborted = fenceAndAbort(turn, transactionalId, transaction)
    return aborted === NEEDS_PRODUCER_ID ? aborted : ASK_AGAIN
  }
  return startOver(turn, transactionalId, transaction, timeoutMs, expected, last)
}

/** A transaction does not stand in the way: the next epoch, or a new id when there is none. */
function startOver(
  turn: TransactionTurn,
  transactionalId: string,
  transaction: Transaction,
  timeoutMs: number,
  expected: Expected | null,
  last: LastIncarnation,
): InitProducerIdResult | NeedsProducerId {
  const { producerId, producerEpoch } = transaction
  const isCurrent = expected === null || expected.producerEpoch === producerEpoch
  const lastEpoch = expected === null ? NO_PRODUCER_EPOCH : producerEpoch
  if (isCurrent && isEpochExhausted(producerEpoch)) {
    const { freshProducerId, nowMs } = turn
    if (freshProducerId === null) return NEEDS_PRODUCER_ID
    const next = nextIncarnation(transaction, freshProducerId, 0, timeoutMs, nowMs)
    return begin(turn, transactionalId, next, lastEpoch)
  }
  if (isCurrent) {
    const epoch = producerEpoch + 1
    const next = nextIncarnation(transaction, producerId, epoch, timeoutMs, turn.nowMs)
    return begin(turn, transactionalId, next, lastEpoch)
  }
  // The response to the same request got lost. Nobody can have come in between: then the last epoch
  // would not be known.
  if (expected.producerEpoch !== last.producerEpoch) throw new ApiError(ErrorCode.PRODUCER_FENCED)
  const same = nextIncarnation(transaction, producerId, producerEpoch, timeoutMs, turn.nowMs)
  return begin(turn, transactionalId, same, last.producerEpoch)
}

function begin(
  turn: TransactionTurn,
  transactionalId: string,
  next: Transaction,
  lastEpoch: number,
): InitProducerIdResult {
  const { producerId, producerEpoch } = next
  storeTransaction(turn, transactionalId, next, lastEpoch)
  return { errorCode: ErrorCode.NONE, producerId, producerEpoch }
}

/** The id is the present one, or the one whose last epoch was used up in a request being retried. */
function mayContinue(
  expected: Expected,
  { producerId }: Transaction,
  last: LastIncarnation,
): boolean {
  if (expected.producerId === producerId) return true
  return expected.producerId === last.producerId && isEpochExhausted(expected.producerEpoch)
}

function expectedOf({ producerId, producerEpoch }: InitProducerIdRequest): Expected | null {
  const hasId = producerId !== NO_PRODUCER_ID
  const hasEpoch = producerEpoch !== NO_PRODUCER_EPOCH
  if (hasId !== hasEpoch) throw new ApiError(ErrorCode.INVALID_REQUEST)
  return hasId ? { producerId, producerEpoch } : null
}

function validated({ config }: TransactionTurn, request: InitProducerIdRequest) {
  const { transactionalId, transactionTimeoutMs, enable2Pc, keepPreparedTxn } = request
  if (transactionalId === null || transactionalId === '') {
    throw new ApiError(ErrorCode.INVALID_REQUEST, 'a transactional id must not be empty')
  }
  if (enable2Pc && !config.twoPhaseCommitEnabled) {
    throw new ApiError(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
  }
  if (keepPreparedTxn) throw new ApiError(ErrorCode.UNSUPPORTED_VERSION)
  if (enable2Pc) return { transactionalId, timeoutMs: NO_TIMEOUT_MS }
  if (transactionTimeoutMs <= 0 || transactionTimeoutMs > config.maxTimeoutMs) {
    throw new ApiError(ErrorCode.INVALID_TRANSACTION_TIMEOUT)
  }
  return { transactionalId, timeoutMs: transactionTimeoutMs }
}
