/**
 * All transactional ids whose coordinator is one partition of `__transaction_state`.
 *
 * What needs a producer id nobody has at hand is parked; a task claims one, and its result, with all that is
 * needed to go on, comes back as an event that decides anew. Markers are written by a task as well; while it
 * is under way the transaction is in a Prepare state, and that is also what starts it again on whichever
 * broker loads the shard next.
 */
import { ApiError, type Timeline } from '@barnabas/base'
import type {
  DescribeTransactionsResponseTransactionState,
  InitProducerIdRequest,
  ListTransactionsResponseTransactionState,
} from '@barnabas/protocol'
import type { MetadataChange, MetadataView } from '../runtime/metadata-view.ts'
import { OutcomeBuilder, PARKED, type Outcome, type Parked } from '../runtime/outcome.ts'
import type {
  CoordinatorShard,
  OperationContext,
  RecordMeta,
  TransactionOutcome,
} from '../runtime/shard.ts'
import {
  addPartitions,
  verifyPartitions,
  type PartitionErrors,
  type PartitionsOfProducer,
} from './add-partitions.ts'
import { endTransaction, type EndTransactionResult } from './end-transaction.ts'
import { initProducerId, type InitProducerIdResult } from './init-producer-id.ts'
import { COMPLETION_RETRY_MS } from './limits.ts'
import { describeTransaction, listTransactions, type TransactionFilter } from './queries.ts'
import { storeTransaction, writeMarkersTask } from './store.ts'
import { completed } from './transaction.ts'
import type { TransactionCoordinatorConfig } from './transaction-config.ts'
import {
  NEEDS_PRODUCER_ID,
  type Continuation,
  type EndTransaction,
  type NeedsProducerId,
  type TransactionEvent,
  type TransactionKinds,
  type TransactionTurn,
} from './transaction-kinds.ts'
import type { TransactionRecord } from './transaction-records.ts'
import { TransactionRegistry } from './transaction-registry.ts'
import { isPrepared } from './transaction-state.ts'
import {
  abortTimedOut,
  lookForExpired,
  lookForTimeouts,
  watchExpiry,
  watchTimeouts,
} from './upkeep.ts'

type Completion = Extract<TransactionEvent, { kind: 'markersWritten' | 'completionNotStored' }>

export class TransactionShard implements CoordinatorShard<TransactionKinds> {
  readonly transactions: TransactionRegistry
  private readonly config: TransactionCoordinatorConfig

  constructor(timeline: Timeline, config: TransactionCoordinatorConfig) {
    this.config = config
    this.transactions = new TransactionRegistry(timeline)
  }

  // ---- requests

  initProducerId(
    request: InitProducerIdRequest,
    context: OperationContext,
  ): Outcome<TransactionKinds, InitProducerIdResult | Parked> {
    const turn = this.turn(context)
    const { requestId } = context
    const result = initProducerId(turn, request)
    return answer(turn, result, { kind: 'initProducerId', requestId, request })
  }

  endTransaction(
    end: EndTransaction,
    context: OperationContext,
  ): Outcome<TransactionKinds, EndTransactionResult | Parked> {
    const turn = this.turn(context)
    const { requestId } = context
    const result = endTransaction(turn, end)
    return answer(turn, result, { kind: 'endTransaction', requestId, end })
  }

  addPartitions(
    producer: PartitionsOfProducer,
    clientTransactionVersion: number,
    context: OperationContext,
  ): Outcome<TransactionKinds, void> {
    const turn = this.turn(context)
    addPartitions(turn, producer, clientTransactionVersion)
    return turn.out.respond(undefined)
  }

  verifyPartitions(
    producer: PartitionsOfProducer,
    context: OperationContext,
  ): Outcome<TransactionKinds, PartitionErrors> {
    const turn = this.turn(context)
    return turn.out.respond(verifyPartitions(turn, producer))
  }

  describe(transactionalId: string, offset: number): DescribeTransactionsResponseTransactionState {
    return describeTransaction(this.transactions, transactionalId, offset)
  }

  list(
    filter: TransactionFilter,
    offset: number,
    nowMs: number,
  ): ListTransactionsResponseTransactionState[] {
    return listTransactions(this.transactions, filter, offset, nowMs)
  }

  // ---- what comes by itself

  onLoaded(_view: MetadataView, context: OperationContext): Outcome<TransactionKinds, void> {
    const turn = this.turn(context)
    for (const [transactionalId, transaction] of this.transactions.entries()) {
      if (isPrepared(transaction.state)) {
        turn.out.task(writeMarkersTask(transactionalId, transaction))
      }
    }
    watchTimeouts(turn)
    watchExpiry(turn)
    return turn.out.respond(undefined)
  }

  onMetadata(
    _view: MetadataView,
    _change: MetadataChange,
    context: OperationContext,
  ): Outcome<TransactionKinds, void> {
    return this.turn(context).out.respond(undefined)
  }

  onEvent(event: TransactionEvent, context: OperationContext): Outcome<TransactionKinds, void> {
    const turn = this.turn(context)
    switch (event.kind) {
      case 'lookForTimeouts':
        lookForTimeouts(turn)
        break
      case 'lookForExpired':
        lookForExpired(turn)
        break
      case 'markersWritten':
        this.complete(turn, event)
        break
      case 'completionNotStored':
        // The markers stand; only the record is to be written again.
        turn.out.arm(`complete:${event.transactionalId}`, COMPLETION_RETRY_MS, {
          ...event,
          kind: 'markersWritten',
        })
        break
      case 'producerIdClaimed':
        resume({ ...turn, freshProducerId: event.producerId }, event.continuation)
        break
      case 'producerIdRefused':
        if (event.continuation.kind !== 'abortTimedOut') {
          const { requestId } = event.continuation
          turn.out.release(requestId, new ApiError(event.errorCode))
        }
        break
      case 'answerNotStored':
        turn.out.release(event.requestId, new ApiError(event.errorCode))
        break
    }
    return turn.out.respond(undefined)
  }

  onUnloaded(): void {}

  // ---- replay

  replay(record: TransactionRecord, _meta: RecordMeta): void {
    this.transactions.replay(record)
  }

  /** Nobody writes to this topic in a transaction. */
  replayTransactionMarker(_id: number, _epoch: number, _outcome: TransactionOutcome): void {}

  private complete(turn: TransactionTurn, event: Completion): void {
    const { transactionalId, producerId, producerEpoch } = event
    const transaction = this.transactions.get(transactionalId)
    if (transaction === undefined || !isPrepared(transaction.state)) return
    if (transaction.producerId !== producerId || transaction.producerEpoch !== producerEpoch) return
    storeTransaction(turn, transactionalId, completed(transaction, turn.nowMs))
    turn.out.onAppendFailed = () => ({ ...event, kind: 'completionNotStored' })
  }

  private turn({ nowMs }: OperationContext): TransactionTurn {
    const { config, transactions } = this
    return { nowMs, config, transactions, out: new OutcomeBuilder(), freshProducerId: null }
  }
}

/** The result, unless it takes a producer id to come to one. */
function answer<T>(
  { out }: TransactionTurn,
  result: T | NeedsProducerId,
  continuation: Continuation,
): Outcome<TransactionKinds, T | Parked> {
  if (result !== NEEDS_PRODUCER_ID) return out.respond(result as T)
  out.task({ kind: 'claimProducerId', continuation })
  return out.respond<T | Parked>(PARKED)
}

/** Decides again, now with a producer id at hand, and answers the request that was parked for it. */
function resume(turn: TransactionTurn, continuation: Continuation): void {
  if (continuation.kind === 'abortTimedOut') {
    abortTimedOut(turn, continuation.transactionalId)
    return
  }
  const { requestId } = continuation
  turn.out.onAppendFailed = (errorCode) => ({ kind: 'answerNotStored', requestId, errorCode })
  turn.out.release(requestId, decided(turn, continuation))
}

function decided(
  turn: TransactionTurn,
  continuation: Exclude<Continuation, { kind: 'abortTimedOut' }>,
): unknown {
  try {
    return continuation.kind === 'initProducerId'
      ? initProducerId(turn, continuation.request)
      : endTransaction(turn, continuation.end)
  } catch (error) {
    // Whoever refuses does so before anything is changed.
    if (error instanceof ApiError) return error
    throw error
  }
}
