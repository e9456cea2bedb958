/**
 * What is known of one transactional id, and the steps from one state to the next. Values are immutable;
 * nothing here decides whether a step is allowed.
 */
import {
  createTransactionLogValue,
  createTransactionLogValuePartitionsSchema,
  type TransactionLogValue,
} from '@barnabas/protocol'
import { EXHAUSTED_PRODUCER_EPOCH, NO_TIMEOUT_MS, PRODUCER_EPOCH_MAX } from './limits.ts'
import {
  transactionStateId,
  transactionStateOf,
  type TransactionState,
} from './transaction-state.ts'

export const NO_PRODUCER_ID = -1
export const NO_PRODUCER_EPOCH = -1

/** Topic name to partitions. */
export type TransactionPartitions = ReadonlyMap<string, ReadonlySet<number>>

export const NO_PARTITIONS: TransactionPartitions = new Map()

export interface Transaction {
  readonly producerId: number
  readonly producerEpoch: number
  /** The producer id of the record before. */
  readonly previousProducerId: number
  /** The producer id that follows when the transaction is complete, because the epochs are used up. */
  readonly nextProducerId: number
  readonly timeoutMs: number
  readonly state: TransactionState
  readonly partitions: TransactionPartitions
  /** -1 while there is no transaction. */
  readonly startTimestampMs: number
  readonly lastUpdateTimestampMs: number
  /** The transaction version of the client that brought the state about: 2 bumps epochs, 0 does not. */
  readonly clientTransactionVersion: number
}

export function isEpochExhausted(producerEpoch: number): boolean {
  return producerEpoch >= EXHAUSTED_PRODUCER_EPOCH
}

/** An outside coordinator ends it, however long that takes. */
export function isTwoPhaseCommit({ timeoutMs }: Transaction): boolean {
  return timeoutMs === NO_TIMEOUT_MS
}

export function hasTimedOut(transaction: Transaction, nowMs: number): boolean {
  const { state, startTimestampMs, timeoutMs } = transaction
  if (state !== 'Ongoing' || isTwoPhaseCommit(transaction)) return false
  return startTimestampMs + timeoutMs < nowMs
}

export function hasPartition(
  { partitions }: Transaction,
  topic: string,
  partition: number,
): boolean {
  return partitions.get(topic)?.has(partition) === true
}

export function containsPartitions(
  transaction: Transaction,
  partitions: TransactionPartitions,
): boolean {
  for (const [topic, indexes] of partitions) {
    for (const index of indexes) if (!hasPartition(transaction, topic, index)) return false
  }
  return true
}

// ---- steps

/** A producer that comes without a past. */
export function firstIncarnation(
  producerId: number,
  timeoutMs: number,
  nowMs: number,
): Transaction {
  return {
    producerId,
    producerEpoch: 0,
    previousProducerId: producerId,
    nextProducerId: NO_PRODUCER_ID,
    timeoutMs,
    state: 'Empty',
    partitions: NO_PARTITIONS,
    startTimestampMs: -1,
    lastUpdateTimestampMs: nowMs,
    clientTransactionVersion: 0,
  }
}

/** The producer starts over, as the one given. */
export function nextIncarnation(
  transaction: Transaction,
  producerId: number,
  producerEpoch: number,
  timeoutMs: number,
  nowMs: number,
): Transaction {
  return {
    ...transaction,
    producerId,
    producerEpoch,
    previousProducerId: transaction.producerId,
    timeoutMs,
    state: 'Empty',
    partitions: NO_PARTITIONS,
    startTimestampMs: -1,
    lastUpdateTimestampMs: nowMs,
  }
}

export function withPartitions(
  transaction: Transaction,
  added: TransactionPartitions,
  clientTransactionVersion: number,
  nowMs: number,
): Transaction {
  const partitions = new Map(transaction.partitions)
  for (const [topic, indexes] of added) {
    partitions.set(topic, new Set([...(partitions.get(topic) ?? []), ...indexes]))
  }
  return {
    ...transaction,
    previousProducerId: transaction.producerId,
    state: 'Ongoing',
    partitions,
    startTimestampMs: transaction.state === 'Ongoing' ? transaction.startTimestampMs : nowMs,
    lastUpdateTimestampMs: nowMs,
    clientTransactionVersion,
  }
}

/** The outcome is decided; the epoch stays as given. */
export function prepared(
  transaction: Transaction,
  state: 'PrepareCommit' | 'PrepareAbort',
  producerEpoch: number,
  nextProducerId: number,
  clientTransactionVersion: number,
  nowMs: number,
): Transaction {
  return {
    ...transaction,
    producerEpoch,
    previousProducerId: transaction.producerId,
    nextProducerId,
    state,
    startTimestampMs: transaction.state === 'Ongoing' ? transaction.startTimestampMs : nowMs,
    lastUpdateTimestampMs: nowMs,
    clientTransactionVersion,
  }
}

/** The epoch after this one as far as there is one. */
export function bumpedEpoch(producerEpoch: number): number {
  return Math.min(producerEpoch + 1, PRODUCER_EPOCH_MAX)
}

/** All markers are written. */
export function completed(transaction: Transaction, nowMs: number): Transaction {
  const { producerId, nextProducerId } = transaction
  const rotates = nextProducerId !== NO_PRODUCER_ID
  return {
    ...transaction,
    producerId: rotates ? nextProducerId : producerId,
    producerEpoch: rotates ? 0 : transaction.producerEpoch,
    previousProducerId: producerId,
    nextProducerId: NO_PRODUCER_ID,
    state: transaction.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort',
    partitions: NO_PARTITIONS,
    lastUpdateTimestampMs: nowMs,
  }
}

// ---- the stored form

/** Fields that version 0 of the value has no room for keep their defaults there. */
export function toTransactionLogValue(
  transaction: Transaction,
  valueVersion: number,
): TransactionLogValue {
  const { state, partitions } = transaction
  const value = createTransactionLogValue({
    producerId: transaction.producerId,
    producerEpoch: transaction.producerEpoch,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStatus: transactionStateId(state),
    transactionPartitions: state === 'Empty' ? null : storedPartitions(partitions),
    transactionLastUpdateTimestampMs: transaction.lastUpdateTimestampMs,
    transactionStartTimestampMs: transaction.startTimestampMs,
  })
  if (valueVersion >= 1) {
    value.previousProducerId = transaction.previousProducerId
    value.nextProducerId = transaction.nextProducerId
    value.clientTransactionVersion = transaction.clientTransactionVersion
  }
  return value
}

/** Null for states that are never stored. */
export function fromTransactionLogValue(value: TransactionLogValue): Transaction | null {
  const state = transactionStateOf(value.transactionStatus)
  if (state === null) return null
  const partitions = new Map<string, ReadonlySet<number>>()
  for (const { topic, partitionIds } of value.transactionPartitions ?? []) {
    partitions.set(topic, new Set(partitionIds))
  }
  return {
    producerId: value.producerId,
    producerEpoch: value.producerEpoch,
    previousProducerId: value.previousProducerId,
    nextProducerId: value.nextProducerId,
    timeoutMs: value.transactionTimeoutMs,
    state,
    partitions: state === 'Empty' ? NO_PARTITIONS : partitions,
    startTimestampMs: value.transactionStartTimestampMs,
    lastUpdateTimestampMs: value.transactionLastUpdateTimestampMs,
    clientTransactionVersion: value.clientTransactionVersion,
  }
}

function storedPartitions(partitions: TransactionPartitions) {
  return Array.from(partitions, ([topic, indexes]) =>
    createTransactionLogValuePartitionsSchema({ topic, partitionIds: [...indexes] }),
  )
}
