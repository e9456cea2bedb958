/**
 * The contract of a coordinator shard: the state machine behind one partition of a coordinator's topic.
 *
 *   operation(shard, context) -> Outcome      decides; may change soft state, never hard state
 *   shard.replay(record, meta)                the only thing that changes hard state
 *
 * Hard state is what the records say, soft state what is forgotten when the shard is unloaded (who waits,
 * who was heard of when). Both live in containers on the shard's `Timeline`, so that everything an
 * operation did can be undone. All methods are synchronous: no clock, no randomness, no timers, no I/O.
 */
import type { Entropy } from '@barnabas/base'
import type { MetadataChange, MetadataView } from './metadata-view.ts'
import type { Outcome, Parked, ShardKinds } from './outcome.ts'

/** Where a record stands in the log. */
export interface RecordMeta {
  readonly offset: number
  /** -1 outside of transactions. */
  readonly producerId: number
  readonly producerEpoch: number
  readonly timestampMs: number
}

/** What an operation may know of the world. */
export interface OperationContext {
  readonly nowMs: number
  readonly entropy: Entropy
  /** Names the request; unique for the life of a loaded shard. */
  readonly requestId: number
}

export type TransactionOutcome = 'commit' | 'abort'

export interface CoordinatorShard<K extends ShardKinds> {
  /** Applies one record. Total: a record once written must never throw. */
  replay(record: K['record'], meta: RecordMeta): void
  /** A transaction that wrote to this partition has ended. */
  replayTransactionMarker(
    producerId: number,
    producerEpoch: number,
    outcome: TransactionOutcome,
  ): void
  /** All records have been replayed; what is to be started, such as timers, are the outcome's effects. */
  onLoaded(view: MetadataView, context: OperationContext): Outcome<K, void>
  onMetadata(
    view: MetadataView,
    change: MetadataChange,
    context: OperationContext,
  ): Outcome<K, void>
  /** A timer expired, a task finished or an append failed. State must be checked again: it may be stale. */
  onEvent(event: K['event'], context: OperationContext): Outcome<K, void>
  onUnloaded(): void
}

/** Runs on the newest state. Throws `ApiError` to refuse; then nothing it did remains. */
export type WriteOperation<S, K extends ShardKinds, T> = (
  shard: S,
  context: OperationContext,
) => Outcome<K, T | Parked>

/** Runs on the state of the committed offset; must not change anything. */
export type ReadOperation<S, T> = (shard: S, committedOffset: number, nowMs: number) => T
