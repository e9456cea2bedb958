/** Which partitions a transaction writes to: added by its producer, asked about by the partitions' leaders. */
import { ApiError } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import { storeTransaction } from './store.ts'
import type { TransactionTurn } from './transaction-kinds.ts'
import { isPrepared } from './transaction-state.ts'
import {
  containsPartitions,
  hasPartition,
  withPartitions,
  type Transaction,
  type TransactionPartitions,
} from './transaction.ts'

export interface PartitionsOfProducer {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly partitions: TransactionPartitions
}

/** Every partition's error code; topic name to partition to code. */
export type PartitionErrors = ReadonlyMap<string, ReadonlyMap<number, number>>

/** The first addition begins the transaction. */
export function addPartitions(
  turn: TransactionTurn,
  producer: PartitionsOfProducer,
  clientTransactionVersion: number,
): void {
  const { transactionalId, partitions } = producer
  const transaction = known(turn, transactionalId)
  if (isPrepared(transaction.state)) throw new ApiError(ErrorCode.CONCURRENT_TRANSACTIONS)
  checkProducer(producer, transaction)
  if (transaction.state === 'Ongoing' && containsPartitions(transaction, partitions)) return
  const { nowMs } = turn
  storeTransaction(
    turn,
    transactionalId,
    withPartitions(transaction, partitions, clientTransactionVersion, nowMs),
  )
}

/** Changes nothing: may this producer's records be appended to these partitions? */
export function verifyPartitions(
  turn: TransactionTurn,
  producer: PartitionsOfProducer,
): PartitionErrors {
  const transaction = known(turn, producer.transactionalId)
  checkProducer(producer, transaction)
  if (isPrepared(transaction.state)) throw new ApiError(ErrorCode.CONCURRENT_TRANSACTIONS)
  const errors = new Map<string, Map<number, number>>()
  for (const [topic, indexes] of producer.partitions) {
    const codes = new Map<number, number>()
    for (const index of indexes) {
      const isIn = transaction.state === 'Ongoing' && hasPartition(transaction, topic, index)
      codes.set(index, isIn ? ErrorCode.NONE : ErrorCode.TRANSACTION_ABORTABLE)
    }
    errors.set(topic, codes)
  }
  return errors
}

function known({ transactions }: TransactionTurn, transactionalId: string): Transaction {
  if (transactionalId === '') throw new ApiError(ErrorCode.INVALID_REQUEST)
  const transaction = transactions.get(transactionalId)
  if (transaction === undefined) throw new ApiError(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
  return transaction
}

function checkProducer(
  { producerId, producerEpoch }: PartitionsOfProducer,
  transaction: Transaction,
): void {
  if (producerId !== transaction.producerId) {
    throw new ApiError(ErrorCode.INVALID_PRODUCER_ID_MAPPING)
  }
  if (producerEpoch !== transaction.producerEpoch) throw new ApiError(ErrorCode.PRODUCER_FENCED)
}
