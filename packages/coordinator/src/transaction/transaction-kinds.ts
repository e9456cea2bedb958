/** What the shard of transactions works with: its records, events and tasks, and an operation's surroundings. */
import type { InitProducerIdRequest } from '@barnabas/protocol'
import type { OutcomeBuilder } from '../runtime/outcome.ts'
import type { TransactionPartitions } from './transaction.ts'
import type { TransactionCoordinatorConfig } from './transaction-config.ts'
import type { TransactionRecord } from './transaction-records.ts'
import type { TransactionRegistry } from './transaction-registry.ts'

/** A producer ends its transaction. */
export interface EndTransaction {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly committed: boolean
  /** 2 when the client takes the epoch that follows from the response, otherwise 0. */
  readonly clientTransactionVersion: number
}

/** What goes on once a fresh producer id is at hand. */
export type Continuation =
  | {
      readonly kind: 'initProducerId'
      readonly requestId: number
      readonly request: InitProducerIdRequest
    }
  | { readonly kind: 'endTransaction'; readonly requestId: number; readonly end: EndTransaction }
  | { readonly kind: 'abortTimedOut'; readonly transactionalId: string }

export type TransactionEvent =
  | { readonly kind: 'lookForTimeouts' }
  | { readonly kind: 'lookForExpired' }
  /** Every partition has its marker, or is gone. */
  | {
      readonly kind: 'markersWritten'
      readonly transactionalId: string
      readonly producerId: number
      readonly producerEpoch: number
    }
  | {
      readonly kind: 'completionNotStored'
      readonly transactionalId: string
      readonly producerId: number
      readonly producerEpoch: number
    }
  | {
      readonly kind: 'producerIdClaimed'
      readonly producerId: number
      readonly continuation: Continuation
    }
  | {
      readonly kind: 'producerIdRefused'
      readonly errorCode: number
      readonly continuation: Continuation
    }
  /** What was to answer a parked request could not be stored. */
  | { readonly kind: 'answerNotStored'; readonly requestId: number; readonly errorCode: number }

export interface WriteMarkersTask {
  readonly kind: 'writeMarkers'
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly committed: boolean
  readonly transactionVersion: number
  readonly partitions: TransactionPartitions
}

export type TransactionTask =
  | WriteMarkersTask
  | { readonly kind: 'claimProducerId'; readonly continuation: Continuation }

export interface TransactionKinds {
  record: TransactionRecord
  event: TransactionEvent
  task: TransactionTask
}

/** What an operation has at hand, and where it leaves what it decides. */
export interface TransactionTurn {
  readonly nowMs: number
  readonly config: TransactionCoordinatorConfig
  readonly transactions: TransactionRegistry
  readonly out: OutcomeBuilder<TransactionKinds>
  /** Null until a fresh producer id was asked for. */
  readonly freshProducerId: number | null
}

/** The decision needs a fresh producer id; nothing was done. */
export const NEEDS_PRODUCER_ID: unique symbol = Symbol('needs a producer id')
export type NeedsProducerId = typeof NEEDS_PRODUCER_ID
