/**
 * The log in which a cluster keeps its metadata, as controllers and brokers see it: small enough to stand
 * on a directory, on an ensemble of another system, or in memory. Every driver keeps these promises, and
 * one suite of tests checks them all:
 *
 * - All listeners get the same records at the same offsets, in order, and only such as can no longer be lost.
 * - At most one node leads in an epoch, epochs only grow, and a node whose epoch is over cannot append.
 * - A node is told that it leads after it was given everything appended before its epoch.
 */
import type { Awaitable } from '@barnabas/base'
import type { Provenance } from '../image/cluster-image.ts'
import type { MetadataBatch } from '../records/metadata-batch.ts'
import type { MetadataRecord } from '../records/metadata-record.ts'

/** Who may append. */
export interface Leadership {
  /** -1 while nobody is known to lead. */
  readonly leaderId: number
  readonly epoch: number
}

export interface MetadataSnapshot {
  /** Where the log goes on behind it: the offset is that of the last record contained. */
  readonly provenance: Provenance
  readonly records: Iterable<MetadataRecord>
}

/** A driver makes these calls one after another; it waits for one to finish before it makes the next. */
export interface MetadataLogListener {
  /** Everything before is to be forgotten. */
  onSnapshot(snapshot: MetadataSnapshot): Awaitable<void>
  onCommit(batches: readonly MetadataBatch[]): Awaitable<void>
  /** Once, when all that was there at the start has been given. */
  onCaughtUp(): Awaitable<void>
  onLeadership(leadership: Leadership): Awaitable<void>
  /** The log cannot go on; nothing will follow. */
  onFailure(error: Error): void
}

export interface MetadataLog {
  readonly nodeId: number
  /** Starts giving what there is and what will come. Resolves when `onCaughtUp` has been called. */
  open(listener: MetadataLogListener): Promise<void>
  /** Offset of the next record; counts what this node appended and is not yet committed. */
  readonly endOffset: number
  /**
   * Appends the records as one batch: all of them or none. `epoch` is that of the caller's leadership.
   * Resolves to the offset of the last record once it is committed; listeners may learn of it later.
   * Rejects with NOT_CONTROLLER when the epoch is over.
   */
  append(records: readonly MetadataRecord[], epoch: number): Promise<number>
  /** Gives up leadership, if `epoch` is still that of this node. */
  resign(epoch: number): Promise<void>
  /** Whether so much was appended since the last snapshot that one should be written. */
  readonly isSnapshotDue: boolean
  /** Stores a snapshot, so that starts are quick and older parts of the log can go. */
  writeSnapshot(snapshot: MetadataSnapshot): Promise<void>
  close(): Promise<void>
}
