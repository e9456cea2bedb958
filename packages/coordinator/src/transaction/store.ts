/** How decisions are written down. */
import { assert } from '@barnabas/base'
import { createTransactionLogKey } from '@barnabas/protocol'
import { isPrepared } from './transaction-state.ts'
import { completed, toTransactionLogValue, type Transaction } from './transaction.ts'
import type { TransactionTurn, WriteMarkersTask } from './transaction-kinds.ts'
import { transactionValueVersion } from './transaction-records.ts'

/**
 * Every step makes the producer id it starts from the last one; what the last epoch was changes only where
 * `lastEpoch` says so.
 */
export function storeTransaction(
  { out, config, transactions }: TransactionTurn,
  transactionalId: string,
  transaction: Transaction,
  lastEpoch: number = transactions.lastIncarnation(transactionalId).producerEpoch,
): void {
  const producerId = transaction.previousProducerId
  transactions.rememberLast(transactionalId, { producerId, producerEpoch: lastEpoch })
  const version = transactionValueVersion(config.transactionVersion())
  out.append({
    type: 'transaction',
    key: createTransactionLogKey({ transactionalId }),
    value: toTransactionLogValue(transaction, version),
  })
}

export function forgetTransaction({ out }: TransactionTurn, transactionalId: string): void {
  const key = createTransactionLogKey({ transactionalId })
  out.append({ type: 'transaction', key, value: null })
}

/** Stores a decided outcome and has the markers written; without partitions it is complete at once. */
export function storePrepared(
  turn: TransactionTurn,
  transactionalId: string,
  transaction: Transaction,
  lastEpoch?: number,
): void {
  storeTransaction(turn, transactionalId, transaction, lastEpoch)
  if (transaction.partitions.size > 0) {
    turn.out.task(writeMarkersTask(transactionalId, transaction))
  } else {
    storeTransaction(turn, transactionalId, completed(transaction, turn.nowMs))
  }
}

export function writeMarkersTask(
  transactionalId: string,
  transaction: Transaction,
): WriteMarkersTask {
  const { producerId, producerEpoch, state, partitions } = transaction
  assert(isPrepared(state), `markers of a transaction in state ${state}`)
  return {
    kind: 'writeMarkers',
    transactionalId,
    producerId,
    producerEpoch,
    committed: state === 'PrepareCommit',
    transactionVersion: transaction.clientTransactionVersion,
    partitions,
  }
}
