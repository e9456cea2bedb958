/**
 * The end of a transaction: by its producer (EndTxn), or against it, when a new incarnation comes or the
 * time is up.
 *
 * With transaction version 2 (KIP-890) every end raises the epoch, so that whatever the producer had on its way
 * cannot slip into its next transaction. The producer learns the new epoch from the response; a response
 * that got lost is told from a new request by the epoch, which then is one behind:
 *
 *                    abort               commit
 *                    retry   current     retry   current
 *   Empty            90      done        90      48
 *   CompleteAbort    none    done        48      48
 *   CompleteCommit   48      done        none    48
 *
 * (90 PRODUCER_FENCED, 48 INVALID_TXN_STATE, none: nothing to do, done: aborts nothing and raises the epoch.)
 */
import { ApiError } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import { EXHAUSTED_PRODUCER_EPOCH } from './limits.ts'
import { storePrepared, storeTransaction } from './store.ts'
import {
  NEEDS_PRODUCER_ID,
  type EndTransaction,
  type NeedsProducerId,
  type TransactionTurn,
} from './transaction-kinds.ts'
import { isPrepared } from './transaction-state.ts'
import {
  bumpedEpoch,
  isEpochExhausted,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  prepared,
  type Transaction,
} from './transaction.ts'

/** Whom the producer is from now on; -1 with transaction version 1, where it stays who it is. */
export interface EndTransactionResult {
  readonly producerId: number
  readonly producerEpoch: number
}

const UNCHANGED: EndTransactionResult = {
  producerId: NO_PRODUCER_ID,
  producerEpoch: NO_PRODUCER_EPOCH,
}

export function endTransaction(
  turn: TransactionTurn,
  end: EndTransaction,
): EndTransactionResult | NeedsProducerId {
  const { transactionalId, clientTransactionVersion } = end
  if (transactionalId === '') throw new ApiError(ErrorCode.INVALID_REQUEST)
  const transaction = turn.transactions.get(transactionalId)
  if (transaction === undefined) throw new ApiError(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
  return clientTransactionVersion >= 2
    ? endWithBump(turn, end, transaction)
    : endWithoutBump(turn, end, transaction)
}

/**
 * Ends an open transaction against its producer. The epoch this leaves behind is given to nobody, so that
 * the producer is fenced wherever the abort markers get to.
 */
export function fenceAndAbort(
  turn: TransactionTurn,
  transactionalId: string,
  transaction: Transaction,
): void | NeedsProducerId {
  if (turn.config.transactionVersion() >= 2) {
    const aborted = prepareWithBump(turn, transactionalId, transaction, false)
    return aborted === NEEDS_PRODUCER_ID ? aborted : undefined
  }
  const epoch = bumpedEpoch(transaction.producerEpoch)
  const { nowMs } = turn
  const aborted = prepared(transaction, 'PrepareAbort', epoch, NO_PRODUCER_ID, 0, nowMs)
  storePrepared(turn, transactionalId, aborted, NO_PRODUCER_EPOCH)
}

// ---- transaction version 1: the epoch stays

function endWithoutBump(
  turn: TransactionTurn,
  { transactionalId, producerId, producerEpoch, committed }: EndTransaction,
  transaction: Transaction,
): EndTransactionResult {
  if (producerId !== transaction.producerId) {
    throw new ApiError(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
  }
  if (producerEpoch !== transaction.producerEpoch) throw new ApiError(ErrorCode.PRODUCER_FENCED)
  switch (transaction.state) {
    case 'Ongoing': {
      const state = committed ? 'PrepareCommit' : 'PrepareAbort'
      const { nowMs } = turn
      const ended = prepared(transaction, state, producerEpoch, NO_PRODUCER_ID, 0, nowMs)
      storePrepared(turn, transactionalId, ended)
      return UNCHANGED
    }
    case 'CompleteCommit':
    case 'CompleteAbort':
      if (committed !== (transaction.state === 'CompleteCommit')) throw invalidState()
      confirm(turn, transactionalId, transaction)
      return UNCHANGED
    case 'PrepareCommit':
    case 'PrepareAbort':
      if (committed !== (transaction.state === 'PrepareCommit')) throw invalidState()
      throw new ApiError(ErrorCode.CONCURRENT_TRANSACTIONS)
    case 'Empty':
      throw invalidState()
  }
}

/**
 * The answer to a retry is "done". Without epochs to tell transactions apart it must not come from a
 * coordinator that has been replaced:
 *
 *   1. A transaction is aborted. Another broker becomes the coordinator, this one has not heard of it.
 *   2. The producer goes on there, under the same epoch, and asks here to abort its next transaction.
 *   3. Here the last one is seen, aborted as asked, while the other goes on, and may even be committed.
 *
 * So the state is stored once more, which only the coordinator can do.
 */
function confirm(turn: TransactionTurn, transactionalId: string, transaction: Transaction): void {
  const { producerId } = transaction
  storeTransaction(turn, transactionalId, {
    ...transaction,
    previousProducerId: producerId,
    lastUpdateTimestampMs: turn.nowMs,
  })
}

// ---- transaction version 2: the epoch is raised

function endWithBump(
  turn: TransactionTurn,
  end: EndTransaction,
  transaction: Transaction,
): EndTransactionResult | NeedsProducerId {
  const { transactionalId, producerId, producerEpoch, committed } = end
  const { state } = transaction
  if (isPrepared(state)) throw new ApiError(ErrorCode.CONCURRENT_TRANSACTIONS)
  const rotated = isRetryAfterRotation(turn, end, transaction)
  if (producerId !== transaction.producerId && !rotated) {
    throw new ApiError(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
  }
  const isRetry = rotated || transaction.producerEpoch === producerEpoch + 1
  const wasComplete = state === 'CompleteCommit' || state === 'CompleteAbort'
  const isCurrent = producerEpoch === transaction.producerEpoch
  if (!isCurrent && !(isRetry && wasComplete)) throw new ApiError(ErrorCode.PRODUCER_FENCED)
  if (state === 'Ongoing') return prepareWithBump(turn, transactionalId, transaction, committed)
  if (isRetry) {
    if (committed !== (state === 'CompleteCommit')) throw invalidState()
    return {
      producerId: transaction.producerId,
      producerEpoch: transaction.producerEpoch,
    }
  }
  if (committed) throw invalidState()
  return prepareWithBump(turn, transactionalId, transaction, false)
}

/** The producer does not know yet that its epochs were used up and it goes on under another id. */
function isRetryAfterRotation(
  { transactions }: TransactionTurn,
  { transactionalId, producerId, producerEpoch }: EndTransaction,
  transaction: Transaction,
): boolean {
  const last = transactions.lastIncarnation(transactionalId)
  return (
    producerId === last.producerId &&
    producerEpoch === EXHAUSTED_PRODUCER_EPOCH &&
    transaction.producerEpoch === 0
  )
}

function prepareWithBump(
  turn: TransactionTurn,
  transactionalId: string,
  transaction: Transaction,
  committed: boolean,
): EndTransactionResult | NeedsProducerId {
  const { producerId, producerEpoch } = transaction
  const rotates = isEpochExhausted(producerEpoch)
  if (rotates && turn.freshProducerId === null) return NEEDS_PRODUCER_ID
  const nextProducerId = rotates ? turn.freshProducerId! : NO_PRODUCER_ID
  const epoch = bumpedEpoch(producerEpoch)
  const state = committed ? 'PrepareCommit' : 'PrepareAbort'
  const ended = prepared(transaction, state, epoch, nextProducerId, 2, turn.nowMs)
  storePrepared(turn, transactionalId, ended, producerEpoch)
  if (rotates) return { producerId: nextProducerId, producerEpoch: 0 }
  return { producerId, producerEpoch: epoch }
}

function invalidState(): ApiError {
  return new ApiError(ErrorCode.INVALID_TXN_STATE)
}
