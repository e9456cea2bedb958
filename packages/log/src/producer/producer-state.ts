/**
 * All that a log knows of its producers. Idempotence, fencing, the last stable offset and the aborted
 * transactions follow from it; it is a function of the log's batches and can be rebuilt from them at any
 * time, from a snapshot onwards.
 *
 *   analyze(batches)  checks an append against the state, changes nothing
 *   commit(update)    takes it over; the batches are now part of the log
 *   complete(...)     after commit, for each transaction a marker ended, in order
 */
import { ApiError } from '@barnabas/base'
import { ErrorCode, NO_PRODUCER_ID, type BatchView } from '@barnabas/protocol'
import type { AbortedTransaction } from '../index/transaction-index.ts'
import { OpenTransactions } from './open-transactions.ts'
import { ProducerAppend, type AppendOrigin, type CompletedTransaction } from './producer-append.ts'
import { ProducerEntry, type ProducerBatch } from './producer-entry.ts'
import type { ProducerSnapshotEntry } from './producer-snapshot.ts'
import { TransactionVerifications, type VerificationGuard } from './transaction-verification.ts'

export interface AnalyzeOptions {
  origin: AppendOrigin
  /** Null when no verification took place. */
  guard?: VerificationGuard | null
  /** Whether transactional writes of clients and coordinators must belong to a verified transaction. */
  requiresVerification?: boolean
  /** Of the request that brings a marker; 0 when not known. */
  transactionVersion?: number
}

export interface ProducerUpdate {
  /** Set: the append is a retry; nothing is to be appended, the answer is this batch's place. */
  duplicate: ProducerBatch | null
  appends: readonly ProducerAppend[]
  completed: readonly CompletedTransaction[]
}

const NOTHING: ProducerUpdate = { duplicate: null, appends: [], completed: [] }

export class ProducerState {
  readonly transactions = new OpenTransactions()
  readonly verifications = new TransactionVerifications()
  /** The state holds what batches before this offset say. */
  endOffset = 0
  private readonly producers = new Map<number, ProducerEntry>()

  get size(): number {
    return this.producers.size
  }

  get(producerId: number): ProducerEntry | undefined {
    return this.producers.get(producerId)
  }

  entries(): Iterable<ProducerEntry> {
    return this.producers.values()
  }

  hasOpenTransaction(producerId: number, epoch: number): boolean {
    const entry = this.producers.get(producerId)
    return entry !== undefined && entry.hasOpenTransaction && entry.epoch === epoch
  }

  /** Checks batches whose offsets are assigned. Throws an `ApiError` for what must not be appended. */
  analyze(batches: readonly BatchView[], options: AnalyzeOptions): ProducerUpdate {
    let appends: ProducerAppend[] | null = null
    let completed: CompletedTransaction[] | null = null
    for (const batch of batches) {
      const { producerId } = batch
      if (producerId === NO_PRODUCER_ID) continue
      if (options.origin === 'client' && !batch.isControl) {
        const duplicate = this.producers.get(producerId)?.duplicateOf(batch) ?? null
        if (duplicate !== null) return { duplicate, appends: [], completed: [] }
      }
      if (options.origin !== 'replication') this.checkVerified(batch, options)
      appends ??= []
      let append = appends.find(({ updated }) => updated.producerId === producerId)
      if (append === undefined) {
        append = this.prepare(producerId, options.origin)
        appends.push(append)
      }
      const ended = append.append(batch, options.transactionVersion ?? 0)
      if (ended !== null) (completed ??= []).push(ended)
      // Either the transaction is over or its first offset is known: the guard has served.
      if (batch.isTransactional) this.verifications.clear(producerId)
    }
    return appends === null ? NOTHING : { duplicate: null, appends, completed: completed ?? [] }
  }

  commit(update: ProducerUpdate): void {
    for (const append of update.appends) {
      const { updated } = append
      const current = this.producers.get(updated.producerId)
      if (current === undefined) this.producers.set(updated.producerId, updated)
      else current.merge(updated)
      for (const firstOffset of append.started) {
        this.transactions.begin(firstOffset, updated.producerId)
      }
    }
  }

  /** Gives what the transaction index is to hold of it: nothing, unless it was aborted. */
  complete(completed: CompletedTransaction): AbortedTransaction | null {
    const { producerId, firstOffset, lastOffset, isAborted } = completed
    const lastStableOffset = this.transactions.lastStableOffsetAfter(completed)
    this.transactions.complete(completed)
    return isAborted ? { producerId, firstOffset, lastOffset, lastStableOffset } : null
  }

  /** For replay of batches that are already part of the log. */
  replay(batch: BatchView): readonly CompletedTransaction[] {
    if (batch.producerId === NO_PRODUCER_ID) return NOTHING.completed
    const update = this.analyze([batch], { origin: 'replication' })
    this.commit(update)
    return update.completed
  }

  /** Producers idle for `expirationMs` with no open transaction are forgotten. Gives their number. */
  removeExpired(nowMs: number, expirationMs: number): number {
    let removed = 0
    for (const [producerId, entry] of this.producers) {
      if (!isExpired(entry, nowMs, expirationMs)) continue
      this.producers.delete(producerId)
      removed++
    }
    this.verifications.removeExpired(nowMs, expirationMs)
    return removed
  }

  clear(endOffset: number): void {
    this.producers.clear()
    this.transactions.clear()
    this.endOffset = endOffset
  }

  /** Starts from a snapshot taken at `endOffset`. */
  load(
    stored: readonly ProducerSnapshotEntry[],
    endOffset: number,
    nowMs: number,
    expirationMs: number,
  ): void {
    this.clear(endOffset)
    const open: ProducerEntry[] = []
    for (const one of stored) {
      const entry = ProducerEntry.fromSnapshot(one)
      if (isExpired(entry, nowMs, expirationMs)) continue
      this.producers.set(entry.producerId, entry)
      if (entry.hasOpenTransaction) open.push(entry)
    }
    open.sort((a, b) => a.currentTransactionFirstOffset - b.currentTransactionFirstOffset)
    for (const entry of open) {
      this.transactions.begin(entry.currentTransactionFirstOffset, entry.producerId)
    }
  }

  snapshot(): ProducerSnapshotEntry[] {
    return Array.from(this.producers.values(), (entry) => entry.toSnapshot())
  }

  private prepare(producerId: number, origin: AppendOrigin): ProducerAppend {
    const current = this.producers.get(producerId) ?? new ProducerEntry(producerId)
    return new ProducerAppend(current, origin, this.verifications.get(producerId))
  }

  private checkVerified(batch: BatchView, options: AnalyzeOptions): void {
    if (options.requiresVerification !== true || !batch.isTransactional || batch.isControl) return
    const { producerId } = batch
    if (this.hasOpenTransaction(producerId, batch.producerEpoch)) return
    if (this.verifications.isVerified(producerId, options.guard ?? null)) return
    throw new ApiError(ErrorCode.INVALID_TXN_STATE, 'Record was not part of an ongoing transaction')
  }
}

function isExpired(entry: ProducerEntry, nowMs: number, expirationMs: number): boolean {
  return !entry.hasOpenTransaction && nowMs - entry.lastTimestamp >= expirationMs
}
