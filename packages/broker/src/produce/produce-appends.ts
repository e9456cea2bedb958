/**
 * The appends of one produce request: transactional ones are verified first, all go into their logs, and
 * with acks=-1 the commits are waited for. The results are written into the partitions' responses. As long
 * as nothing has to be waited for, nothing here makes a promise.
 */
import { type Awaitable, ApiError, type SharedBytes } from '@barnabas/base'
import type { AppendResult, VerificationGuard } from '@barnabas/log'
import {
  type BatchView,
  createProduceResponseBatchIndexAndErrorMessage,
  ErrorCode,
  type ProduceRequest,
  type ProduceResponsePartitionProduceResponse,
} from '@barnabas/protocol'
import { errorCodeOf } from '../partition/log-errors.ts'
import type { Partition } from '../partition/partition.ts'
import type { Purgatory } from '../purgatory.ts'
import { type PendingCommit, ProduceWait } from './produce-wait.ts'
import { addsPartitions, toldToProducer, type TransactionGate } from './transaction-gate.ts'

interface Append {
  readonly partition: Partition
  readonly batch: BatchView
  readonly result: ProduceResponsePartitionProduceResponse
  guard: VerificationGuard | null
}

export interface ProduceAppendsOptions {
  readonly request: ProduceRequest
  readonly version: number
  readonly memory: SharedBytes
  readonly purgatory: Purgatory<Partition>
  readonly transactions: TransactionGate
}

const ALL_ACKS: readonly number[] = [-1, 0, 1]

export class ProduceAppends {
  private readonly options: ProduceAppendsOptions
  private appends: Append[] = []
  private readonly commits: PendingCommit[] = []
  private readonly committing: ProduceResponsePartitionProduceResponse[] = []

  constructor(options: ProduceAppendsOptions) {
    this.options = options
  }

  /** `result` says what becomes of it once `run` is done. */
  add(
    partition: Partition,
    batch: BatchView,
    result: ProduceResponsePartitionProduceResponse,
  ): void {
    this.appends.push({ partition, batch, result, guard: null })
  }

  run(): Awaitable<void> {
    if (!ALL_ACKS.includes(this.options.request.acks)) {
      for (const { result } of this.appends) result.errorCode = ErrorCode.INVALID_REQUIRED_ACKS
      return
    }
    this.checkProducers()
    const verified = this.verify()
    return verified instanceof Promise ? verified.then(() => this.appendAll()) : this.appendAll()
  }

  /** A transactional request belongs to one producer. */
  private checkProducers(): void {
    let first: BatchView | null = null
    for (const { batch } of this.appends) {
      if (!batch.isTransactional) continue
      first ??= batch
      const same =
        first.producerId === batch.producerId && first.producerEpoch === batch.producerEpoch
      if (!same) {
        throw new ApiError(
          ErrorCode.INVALID_PRODUCER_ID_MAPPING,
          'the transactional batches of a request come from more than one producer',
        )
      }
    }
  }

  private verify(): Awaitable<void> {
    const { transactions, version } = this.options
    if (!transactions.isEnabled()) return
    const asking = this.appends.filter((append) => {
      const { partition, batch } = append
      if (!batch.isTransactional) return false
      append.guard = partition.log.startVerification(
        batch.producerId,
        batch.baseSequence,
        batch.producerEpoch,
        addsPartitions(version),
      )
      return append.guard !== null
    })
    if (asking.length > 0) return this.ask(asking)
  }

  private async ask(asking: readonly Append[]): Promise<void> {
    const { transactions, request, version } = this.options
    const { producerId, producerEpoch } = asking[0]!.batch
    const errorCodes = await transactions.verify({
      transactionalId: request.transactionalId!,
      producerId,
      producerEpoch,
      partitions: asking.map(({ partition }) => ({
        topic: partition.topic,
        partition: partition.index,
      })),
      addPartitions: addsPartitions(version),
    })
    const refused = new Set<Append>()
    for (const [at, append] of asking.entries()) {
      const errorCode = errorCodes[at]!
      if (errorCode === ErrorCode.NONE) continue
      append.result.errorCode = toldToProducer(errorCode, version)
      refused.add(append)
    }
    if (refused.size > 0) this.appends = this.appends.filter((append) => !refused.has(append))
  }

  private appendAll(): Awaitable<void> {
    let later: Promise<void>[] | null = null
    for (const append of this.appends) {
      const done = this.append(append)
      if (done instanceof Promise) (later ??= []).push(done)
    }
    if (later !== null) return Promise.all(later).then(() => this.awaitCommits())
    return this.awaitCommits()
  }

  private append(append: Append): Awaitable<void> {
    const { partition, batch, guard } = append
    const { request, memory, transactions } = this.options
    const { leaderEpoch } = partition
    try {
      const appended = partition.append(batch, {
        acks: request.acks,
        origin: 'client',
        owner: memory,
        guard,
        requiresVerification: batch.isTransactional && transactions.isEnabled(),
      })
      if (!(appended instanceof Promise)) return this.note(append, appended, leaderEpoch)
      return appended.then(
        (result) => this.note(append, result, leaderEpoch),
        (error: unknown) => this.fail(append, error),
      )
    } catch (error) {
      this.fail(append, error)
    }
  }

  private fail({ result }: Append, error: unknown): void {
    result.errorCode = errorCodeOf(error)
  }

  private note({ partition, result }: Append, appended: AppendResult, leaderEpoch: number): void {
    if (!appended.accepted) {
      result.errorCode = appended.errorCode
      result.errorMessage = appended.message === '' ? null : appended.message
      result.recordErrors = appended.recordErrors.map(({ batchIndex, message }) =>
        createProduceResponseBatchIndexAndErrorMessage({
          batchIndex,
          batchIndexErrorMessage: message,
        }),
      )
      return
    }
    result.baseOffset = appended.firstOffset
    result.logAppendTimeMs = appended.logAppendTimeMs
    result.logStartOffset = appended.logStartOffset
    if (this.options.request.acks !== -1) return
    this.commits.push({ partition, nextOffset: appended.lastOffset + 1, leaderEpoch })
    this.committing.push(result)
  }

  private awaitCommits(): Awaitable<void> {
    if (this.commits.length === 0) return
    let errorCodes: number[] | null = null
    let resolveLater: () => void = () => {}
    let rejectLater: (error: unknown) => void = () => {}
    const wait = new ProduceWait(
      this.commits,
      this.options.request.timeoutMs,
      (codes) => {
        errorCodes = codes
        for (const [at, result] of this.committing.entries()) result.errorCode = codes[at]!
        resolveLater()
      },
      (error) => rejectLater(error),
    )
    this.options.purgatory.watch(wait)
    // Usually all was committed already.
    if (errorCodes !== null) return
    return new Promise((resolve, reject) => {
      resolveLater = resolve
      rejectLater = reject
    })
  }
}
