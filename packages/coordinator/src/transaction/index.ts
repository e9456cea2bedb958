export type { PartitionErrors, PartitionsOfProducer } from './add-partitions.ts'
export type { AddPartitionsChecks } from './add-partitions-request.ts'
export type { EndTransactionResult } from './end-transaction.ts'
export type { InitProducerIdResult } from './init-producer-id.ts'
export type { LeaderOf } from './marker-queue.ts'
export type { MarkerSenderOptions } from './marker-sender.ts'
export { ProducerIds, type ProducerIdBlock, type ProducerIdsOptions } from './producer-ids.ts'
export type { TransactionFilter } from './queries.ts'
export * from './transaction-config.ts'
export {
  TransactionCoordinator,
  type TransactionCoordinatorOptions,
  type TransactionVisibility,
} from './transaction-coordinator.ts'
export * from './transaction-kinds.ts'
export { createTransactionRecordCodec, type TransactionRecord } from './transaction-records.ts'
export { TransactionShard } from './transaction-shard.ts'
export { TRANSACTION_STATE_NAMES, type TransactionState } from './transaction-state.ts'
export type { Transaction, TransactionPartitions } from './transaction.ts'
