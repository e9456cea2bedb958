/**
 * One partition that this broker holds a replica of: who may append and read now, and how far its records
 * are committed. The log below keeps them; the cluster's metadata says who leads.
 *
 *   (opened) ──lead──> leading ──resign──> standing by ──lead──> ...
 *
 * A partition whose only in-sync replica is this one commits what it appends at once. `onProgress` of the
 * observer is called after everything that may satisfy a waiting request.
 */
import { ApiError, type Awaitable, type SharedBytes } from '@barnabas/base'
import {
  type AppendResult,
  type Isolation,
  type LogRead,
  type PartitionLog,
  type VerificationGuard,
} from '@barnabas/log'
import type { PartitionImage } from '@barnabas/metadata'
import {
  type BatchView,
  createFetchResponsePartitionData,
  EMPTY_BYTES,
  ErrorCode,
  type FetchResponsePartitionData,
  type Uuid,
} from '@barnabas/protocol'
import { failedPartitionData } from '../fetch/fetch-reading.ts'
import type { FetchTarget } from '../fetch/fetch-target.ts'
import type {
  PartitionReading,
  ReadablePartition,
  ReadIsolation,
  ReadOptions,
} from '../fetch/readable-partition.ts'
import { BatchSizes } from './batch-sizes.ts'
import { errorCodeOf } from './log-errors.ts'

export interface PartitionObserver {
  /** The high watermark, the last stable offset, the start or the leader may have changed. */
  onProgress(partition: Partition): void
}

export interface PartitionOptions {
  readonly topicId: Uuid
  readonly nodeId: number
  readonly log: PartitionLog
  readonly observer: PartitionObserver
  /** `min.insync.replicas` of the topic, as of now. */
  minInsyncReplicas(): number
}

export interface PartitionAppend {
  /** As in a Produce request: -1 waits for all in-sync replicas, so these must be enough. */
  acks: number
  origin: 'client' | 'coordinator'
  owner?: SharedBytes | null
  guard?: VerificationGuard | null
  requiresVerification?: boolean
  transactionVersion?: number
}

/** An append waits for its commit. */
export const PENDING = null

const ISOLATIONS: Readonly<Record<ReadIsolation, Isolation>> = {
  'log-end': 'logEnd',
  uncommitted: 'highWatermark',
  committed: 'committed',
}

export class Partition implements ReadablePartition {
  readonly topic: string
  readonly topicId: Uuid
  readonly index: number
  readonly log: PartitionLog
  private readonly options: PartitionOptions
  private readonly sizes: BatchSizes
  private state: PartitionImage | null = null
  private leads = false
  /** Where the log ended when this broker became leader. */
  private epochStart = 0

  constructor(options: PartitionOptions) {
    this.options = options
    this.log = options.log
    this.topic = options.log.topic
    this.index = options.log.partition
    this.topicId = options.topicId
    this.sizes = new BatchSizes(this.log.logEndOffset)
  }

  get isLeader(): boolean {
    return this.leads
  }

  /** -1 before the cluster has said anything. */
  get leaderEpoch(): number {
    return this.state?.leaderEpoch ?? -1
  }

  get isr(): readonly number[] {
    return this.state?.isr ?? []
  }

  /** What the cluster says of this partition now. */
  apply(image: PartitionImage): void {
    const { nodeId } = this.options
    const before = this.state
    this.state = image
    if (image.leader === nodeId) {
      if (!this.leads || image.leaderEpoch !== before?.leaderEpoch) {
        this.log.startEpoch(image.leaderEpoch)
        this.sizes.reset(this.log.logEndOffset)
        this.epochStart = this.log.nextOffset
        this.leads = true
      }
      this.advance()
    } else {
      this.leads = false
    }
    this.options.observer.onProgress(this)
  }

  /** The partition is deleted, or no longer kept here. */
  resign(): void {
    this.leads = false
    this.options.observer.onProgress(this)
  }

  append(batch: BatchView, options: PartitionAppend): Awaitable<AppendResult> {
    if (!this.leads) return rejection(ErrorCode.NOT_LEADER_OR_FOLLOWER)
    if (options.acks === -1 && !this.hasEnoughReplicas) {
      return rejection(ErrorCode.NOT_ENOUGH_REPLICAS)
    }
    const { sizeBytes } = batch
    const { leaderEpoch } = this
    const result = this.log.appendAsLeader(batch, { ...options, leaderEpoch })
    if (result instanceof Promise) {
      return result.then((appended) => this.appended(appended, sizeBytes))
    }
    return this.appended(result, sizeBytes)
  }

  /**
   * How an append with acks=-1 fared whose records end before `nextOffset`: an error code, or `PENDING`
   * as long as it waits for other replicas.
   */
  commitResult(nextOffset: number, leaderEpoch: number): number | typeof PENDING {
    if (!this.leads || this.leaderEpoch !== leaderEpoch) return ErrorCode.NOT_LEADER_OR_FOLLOWER
    if (this.log.isOffline) return ErrorCode.KAFKA_STORAGE_ERROR
    if (this.log.highWatermark < nextOffset) return PENDING
    return this.hasEnoughReplicas ? ErrorCode.NONE : ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND
  }

  /** Why a request that knows this leader epoch (-1: knows none) may not use this leader; 0 when it may. */
  leaderProblem(currentLeaderEpoch: number): number {
    if (currentLeaderEpoch >= 0 && currentLeaderEpoch !== this.leaderEpoch) {
      return currentLeaderEpoch < this.leaderEpoch
        ? ErrorCode.FENCED_LEADER_EPOCH
        : ErrorCode.UNKNOWN_LEADER_EPOCH
    }
    return this.leads ? ErrorCode.NONE : ErrorCode.NOT_LEADER_OR_FOLLOWER
  }

  read(target: FetchTarget, options: ReadOptions): Awaitable<PartitionReading> {
    const problem = this.leaderProblem(target.currentLeaderEpoch)
    if (problem !== ErrorCode.NONE) return failed(target, problem)
    try {
      const diverging = this.divergence(target)
      if (diverging !== null) return diverging
      const { maxBytes, minOneBatch } = options
      const isolation = ISOLATIONS[options.isolation]
      const read = this.log.read(target.fetchOffset, maxBytes, isolation, minOneBatch)
      if (!(read instanceof Promise)) return readingOf(target, read)
      return read.then(
        (done) => readingOf(target, done),
        (error: unknown) => failed(target, errorCodeOf(error)),
      )
    } catch (error) {
      return failed(target, errorCodeOf(error))
    }
  }

  bytesBehind(offset: number, isolation: ReadIsolation): number {
    const { log } = this
    if (!this.leads || log.isOffline) return Number.POSITIVE_INFINITY
    if (offset < log.logStartOffset || offset > log.logEndOffset) return Number.POSITIVE_INFINITY
    return this.sizes.between(offset, this.readableEnd(isolation)) ?? Number.POSITIVE_INFINITY
  }

  /** Up to where readers of this isolation may read. */
  readableEnd(isolation: ReadIsolation): number {
    const { log } = this
    if (isolation === 'log-end') return log.logEndOffset
    return isolation === 'committed' ? log.lastStableOffset : log.highWatermark
  }

  /**
   * A new leader has yet to learn how far its records were committed before it; until then the end for
   * readers might lie behind what they have seen already (KIP-207).
   */
  get isHighWatermarkBehind(): boolean {
    return this.log.highWatermark < this.epochStart
  }

  /** Gives the new start of the log. Throws `ApiError`. */
  deleteRecords(offset: number): number {
    if (!this.leads) throw new ApiError(ErrorCode.NOT_LEADER_OR_FOLLOWER)
    const start = this.log.deleteRecords(offset)
    this.options.observer.onProgress(this)
    return start
  }

  /** The replicas in sync are as many as the topic asks for, or all that there are. */
  private get hasEnoughReplicas(): boolean {
    const { state } = this
    if (state === null) return false
    const wanted = Math.min(this.options.minInsyncReplicas(), state.replicas.length)
    return state.isr.length >= wanted
  }

  private appended(result: AppendResult, sizeBytes: number): AppendResult {
    if (!result.accepted || result.isDuplicate) return result
    this.sizes.add(result.lastOffset + 1, sizeBytes)
    this.advance()
    this.options.observer.onProgress(this)
    return result
  }

  /** Commits what all in-sync replicas have. */
  private advance(): void {
    const { state, log } = this
    if (!this.leads || state === null || !this.hasEnoughReplicas) return
    const alone = state.isr.length === 1 && state.isr[0] === this.options.nodeId
    if (alone) log.setHighWatermark(log.logEndOffset)
  }

  /** Set when what the reader read last is not what this log has there (KIP-595). */
  private divergence(target: FetchTarget): PartitionReading | null {
    const { lastFetchedEpoch, fetchOffset } = target
    if (lastFetchedEpoch < 0) return null
    const { log } = this
    const { epoch, endOffset } = log.endOffsetForEpoch(lastFetchedEpoch)
    if (epoch < 0 || endOffset < 0 || fetchOffset < log.logStartOffset) {
      return failed(target, ErrorCode.OFFSET_OUT_OF_RANGE)
    }
    if (epoch === lastFetchedEpoch && endOffset >= fetchOffset) return null
    const data = createFetchResponsePartitionData({
      partitionIndex: target.partition,
      highWatermark: log.highWatermark,
      lastStableOffset: log.lastStableOffset,
      logStartOffset: log.logStartOffset,
      divergingEpoch: { epoch, endOffset, unknownTaggedFields: null },
      records: EMPTY_BYTES,
    })
    return { data, sizeBytes: 0, endOffset: fetchOffset, release: null }
  }
}

function rejection(errorCode: number): AppendResult {
  return { accepted: false, errorCode, message: '', recordErrors: [] }
}

function failed(target: FetchTarget, errorCode: number): PartitionReading {
  const data = failedPartitionData(target.partition, errorCode)
  return { data, sizeBytes: 0, endOffset: target.fetchOffset, release: null }
}

function readingOf(target: FetchTarget, read: LogRead): PartitionReading {
  const { owners } = read
  return {
    data: partitionData(target.partition, read),
    sizeBytes: read.sizeBytes,
    endOffset: read.endOffset,
    release: owners.length === 0 ? null : () => releaseAll(owners),
  }
}

function partitionData(partitionIndex: number, read: LogRead): FetchResponsePartitionData {
  return createFetchResponsePartitionData({
    partitionIndex,
    highWatermark: read.highWatermark,
    lastStableOffset: read.lastStableOffset,
    logStartOffset: read.logStartOffset,
    abortedTransactions:
      read.aborted === null
        ? null
        : read.aborted.map(({ producerId, firstOffset }) => ({
            producerId,
            firstOffset,
            unknownTaggedFields: null,
          })),
    records: read.parts.length === 0 ? EMPTY_BYTES : read.parts,
  })
}

function releaseAll(owners: readonly SharedBytes[]): void {
  for (const owner of owners) owner.release()
}
