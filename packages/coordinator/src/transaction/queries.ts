/** What administrators see of transactions: committed state only. */
import {
  createDescribeTransactionsResponseTopicData,
  createDescribeTransactionsResponseTransactionState,
  createListTransactionsResponseTransactionState,
  ErrorCode,
  type DescribeTransactionsResponseTransactionState,
  type ListTransactionsResponseTransactionState,
} from '@barnabas/protocol'
import type { TransactionRegistry } from './transaction-registry.ts'

export function describeTransaction(
  transactions: TransactionRegistry,
  transactionalId: string,
  offset: number,
): DescribeTransactionsResponseTransactionState {
  const transaction = transactions.getAt(transactionalId, offset)
  if (transaction === undefined) {
    const errorCode = ErrorCode.TRANSACTIONAL_ID_NOT_FOUND
    return createDescribeTransactionsResponseTransactionState({ transactionalId, errorCode })
  }
  return createDescribeTransactionsResponseTransactionState({
    transactionalId,
    transactionState: transaction.state,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStartTimeMs: transaction.startTimestampMs,
    producerId: transaction.producerId,
    producerEpoch: transaction.producerEpoch,
    topics: Array.from(transaction.partitions, ([topic, partitions]) =>
      createDescribeTransactionsResponseTopicData({ topic, partitions: [...partitions] }),
    ),
  })
}

/** Empty sets, a negative duration and null let everything through. */
export interface TransactionFilter {
  readonly states: ReadonlySet<string>
  readonly producerIds: ReadonlySet<number>
  /** Only what has been going on for longer. */
  readonly durationMs: number
  readonly matchesId: ((transactionalId: string) => boolean) | null
}

export function listTransactions(
  transactions: TransactionRegistry,
  filter: TransactionFilter,
  offset: number,
  nowMs: number,
): ListTransactionsResponseTransactionState[] {
  const { states, producerIds, durationMs, matchesId } = filter
  const listed: ListTransactionsResponseTransactionState[] = []
  for (const [transactionalId, transaction] of transactions.entriesAt(offset)) {
    const { state, producerId, startTimestampMs } = transaction
    if (states.size > 0 && !states.has(state)) continue
    if (producerIds.size > 0 && !producerIds.has(producerId)) continue
    if (durationMs >= 0 && nowMs - startTimestampMs <= durationMs) continue
    if (matchesId !== null && !matchesId(transactionalId)) continue
    listed.push(
      createListTransactionsResponseTransactionState({
        transactionalId,
        producerId,
        transactionState: state,
      }),
    )
  }
  return listed
}
