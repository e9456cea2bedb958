/** Settings of the transaction coordinator, named after Kafka's (`transaction.max.timeout.ms`, ...). */

export interface TransactionCoordinatorConfig {
  readonly maxTimeoutMs: number
  readonly transactionalIdExpirationMs: number
  readonly abortTimedOutIntervalMs: number
  readonly removeExpiredIntervalMs: number
  readonly twoPhaseCommitEnabled: boolean
  /** The finalized level of the feature `transaction.version`. */
  transactionVersion(): number
}

export const defaultTransactionCoordinatorConfig: TransactionCoordinatorConfig = {
  maxTimeoutMs: 15 * 60_000,
  transactionalIdExpirationMs: 7 * 24 * 60 * 60_000,
  abortTimedOutIntervalMs: 10_000,
  removeExpiredIntervalMs: 60 * 60_000,
  twoPhaseCommitEnabled: false,
  transactionVersion: () => 2,
}
