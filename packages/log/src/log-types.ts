/** The shapes in which a log is asked and answers, and what it is made of. */
import type { Clock, Entropy, Logger, SharedBytes } from '@barnabas/base'
import type { AppendRejection, Uuid } from '@barnabas/protocol'
import type { AbortedTransaction } from './index/transaction-index.ts'
import type { LeaderEpochs } from './leader-epochs.ts'
import type { LogConfig } from './log-config.ts'
import type { ProducerSnapshots } from './producer/producer-snapshots.ts'
import type { ProducerState } from './producer/producer-state.ts'
import type { VerificationGuard } from './producer/transaction-verification.ts'
import type { Mutex, SerialWork } from './serial-work.ts'
import type { SideFiles } from './side-files.ts'
import type { ReadRun, SegmentStore } from './store/segment-store.ts'
import type { LogTail } from './tail-cache.ts'

export interface LogListener {
  /** Batches of an append that had given a promise can be read now. */
  onEndOffset?(): void
  /** Everything from `offset` on is about to be cut off. Holds up whatever else changes segments. */
  onTruncating?(offset: number): void
  /** The log was cut; it goes on once this resolves. What was known to be durable may be less now. */
  onTruncated?(): Promise<void>
  /** Once, at the first storage failure. */
  onOffline?(error: unknown): void
}

/** What a log is made of; put together by `openPartitionLog`. */
export interface LogParts {
  topic: string
  partition: number
  topicId: Uuid | null
  config: LogConfig
  store: SegmentStore
  side: SideFiles
  producers: ProducerState
  snapshots: ProducerSnapshots
  epochs: LeaderEpochs
  tail: LogTail
  work: SerialWork
  maintenance: Mutex
  clock: Clock
  entropy: Entropy
  log: Logger
  listener: LogListener
  logStartOffset: number
  recoveryPoint: number
  highWatermark: number
}

export interface LeaderAppend {
  leaderEpoch: number
  origin: 'client' | 'coordinator'
  /**
   * Memory of the batch, when it is shared: the log retains it as long as it needs. The caller holds it
   * until the append has a result. Without an owner the memory must never change again.
   */
  owner?: SharedBytes | null
  /** From `startVerification`. */
  guard?: VerificationGuard | null
  requiresVerification?: boolean
  /** Of the WriteTxnMarkers request that brings a marker. */
  transactionVersion?: number
}

export interface Appended {
  accepted: true
  firstOffset: number
  lastOffset: number
  /** -1 unless the broker set the time; for a retry, the time of what was appended first. */
  logAppendTimeMs: number
  logStartOffset: number
  /** The batch was a retry of one already in the log; nothing was appended. */
  isDuplicate: boolean
}

export function appended(
  firstOffset: number,
  lastOffset: number,
  logAppendTimeMs: number,
  logStartOffset: number,
  isDuplicate: boolean,
): Appended {
  return { accepted: true, firstOffset, lastOffset, logAppendTimeMs, logStartOffset, isDuplicate }
}

export type AppendResult = Appended | AppendRejection

export type Isolation = 'logEnd' | 'highWatermark' | 'committed'

export interface LogRead extends ReadRun {
  /** Null unless only committed records are wanted. */
  aborted: readonly AbortedTransaction[] | null
  logStartOffset: number
  logEndOffset: number
  highWatermark: number
  lastStableOffset: number
  /** Released by the reader when the parts are no longer needed. */
  owners: readonly SharedBytes[]
}
