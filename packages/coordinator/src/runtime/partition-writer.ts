/**
 * The log of a coordinator's topic as the runtime sees it. The broker implements it on its replicas; tests
 * have one in memory. Records are serialised already; how a batch looks is the writer's business.
 */
import type { Awaitable } from '@barnabas/base'
import type { TransactionOutcome } from './shard.ts'

export interface SerializedRecord {
  readonly key: Uint8Array
  /** Null is a tombstone. */
  readonly value: Uint8Array | null
}

/** The transaction in which records are written. */
export interface ProducerStamp {
  readonly producerId: number
  readonly producerEpoch: number
  /** Handed through to the log, which checks that the transaction is under way. */
  readonly verificationGuard?: unknown
}

/** The end of a transaction, written as a control batch. */
export interface TransactionMarker {
  readonly outcome: TransactionOutcome
  readonly coordinatorEpoch: number
}

export interface AppendBatch {
  readonly records: readonly SerializedRecord[]
  readonly timestampMs: number
  /** Null outside of transactions. */
  readonly producer: ProducerStamp | null
  /** Instead of records; `producer` says whose transaction ends. */
  readonly marker: TransactionMarker | null
}

/** A batch read back, or (`records` empty, `marker` set) the end of a transaction. */
export interface LoadedBatch {
  readonly baseOffset: number
  /** Offset after the last record. */
  readonly nextOffset: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly marker: TransactionOutcome | null
  readonly records: Iterable<LoadedRecord>
}

export interface LoadedRecord extends SerializedRecord {
  readonly offset: number
  readonly timestampMs: number
}

export interface PartitionWriter {
  /**
   * Appends as the leader of `leaderEpoch`; answers with the offset after the last record once the leader
   * has the batch (not: once it is committed). Fails with an `ApiError` or `EnvironmentError`, and nothing
   * of the batch may be in the log then.
   */
  append(partition: number, leaderEpoch: number, batch: AppendBatch): Awaitable<number>
  /** All batches from the start of the log to the end it has when reading comes there, in order. */
  load(partition: number, leaderEpoch: number): AsyncIterable<LoadedBatch>
  /** Offset after the last record the leader has. */
  endOffset(partition: number): number
  /** The committed offset as of now. */
  highWatermark(partition: number): number
  /** The largest batch the topic takes. */
  batchSizeMaxBytes(partition: number): number
}

/** Between a coordinator's typed records and the bytes of its topic. */
export interface RecordCodec<R> {
  encode(record: R): SerializedRecord
  /** Null for a kind of record this version does not know; it is skipped. */
  decode(key: Uint8Array, value: Uint8Array | null): R | null
}
