/**
 * Before the first transactional batch of a producer gets into a partition, the transaction coordinator is
 * asked whether the partition is part of the transaction (KIP-890). What it answers is put into terms that
 * the version of the request knows.
 */
import { ErrorCode } from '@barnabas/protocol'

export interface TransactionQuestion {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[]
  /** From version 2 of transactions on, asking adds the partitions instead of only looking for them. */
  readonly addPartitions: boolean
}

export interface TransactionGate {
  /** `transaction.partition.verification.enable` */
  isEnabled(): boolean
  /** An error code for each partition, in their order. */
  verify(question: TransactionQuestion): Promise<readonly number[]>
}

/** The first version whose producers leave adding partitions to the broker. */
const ADDS_PARTITIONS = 12
/** The first version that knows an error after which a transaction can only be aborted. */
const KNOWS_ABORTABLE = 11

export function addsPartitions(version: number): boolean {
  return version >= ADDS_PARTITIONS
}

const COORDINATOR_AWAY: ReadonlySet<number> = new Set([
  ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
  ErrorCode.COORDINATOR_NOT_AVAILABLE,
  ErrorCode.NOT_COORDINATOR,
  ErrorCode.NETWORK_EXCEPTION,
])

/** The coordinator's answer as a producer understands it. */
export function toldToProducer(errorCode: number, version: number): number {
  if (errorCode === ErrorCode.CONCURRENT_TRANSACTIONS) {
    return addsPartitions(version) ? errorCode : ErrorCode.NOT_ENOUGH_REPLICAS
  }
  // An error that producers of all versions answer by trying again.
  if (COORDINATOR_AWAY.has(errorCode)) return ErrorCode.NOT_ENOUGH_REPLICAS
  const { INVALID_TXN_STATE, TRANSACTION_ABORTABLE } = ErrorCode
  if (errorCode === INVALID_TXN_STATE || errorCode === TRANSACTION_ABORTABLE) {
    return version >= KNOWS_ABORTABLE ? TRANSACTION_ABORTABLE : INVALID_TXN_STATE
  }
  return errorCode
}
