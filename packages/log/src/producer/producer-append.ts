/**
 * The batches that one append brings from one producer, checked one after another against what the log
 * knows of it. Nothing of that knowledge changes before the owner commits the whole append.
 */
import { ApiError } from '@barnabas/base'
import { ErrorCode, type BatchView } from '@barnabas/protocol'
import { ABORT, readEndTransactionMarker } from './end-transaction-marker.ts'
import { NO_EPOCH, ProducerEntry } from './producer-entry.ts'
import type { Verification } from './transaction-verification.ts'

/** Who appends: clients are checked in full, coordinators by epoch only, replicas not at all. */
export type AppendOrigin = 'client' | 'coordinator' | 'replication'

export interface CompletedTransaction {
  producerId: number
  firstOffset: number
  /** Offset of the marker. */
  lastOffset: number
  isAborted: boolean
}

const MAX_SEQUENCE = 0x7fffffff

export class ProducerAppend {
  readonly updated: ProducerEntry
  /** First offsets of the transactions that began in this append. */
  readonly started: number[] = []
  private readonly current: ProducerEntry
  private readonly origin: AppendOrigin
  private readonly verification: Verification | null

  constructor(current: ProducerEntry, origin: AppendOrigin, verification: Verification | null) {
    this.current = current
    this.origin = origin
    this.verification = verification
    this.updated = current.successor()
  }

  /** Gives the transaction that the batch completes, if it is a marker that does. */
  append(batch: BatchView, transactionVersion: number): CompletedTransaction | null {
    if (batch.isControl) return this.appendMarker(batch, transactionVersion)
    this.appendData(batch)
    return null
  }

  private appendData(batch: BatchView): void {
    const epoch = batch.producerEpoch
    this.checkEpoch(epoch, 0)
    if (this.origin === 'client') this.checkSequence(epoch, batch.baseSequence)
    const { updated } = this
    const { baseOffset } = batch
    updated.addBatch(epoch, {
      lastSequence: batch.lastSequence,
      lastOffset: batch.lastOffset,
      offsetDelta: batch.lastOffsetDelta,
      timestamp: batch.maxTimestamp,
    })
    if (updated.hasOpenTransaction) {
      if (!batch.isTransactional && this.origin !== 'replication') {
        throw new ApiError(
          ErrorCode.INVALID_TXN_STATE,
          `producer ${updated.producerId} wrote outside of its open transaction`,
        )
      }
    } else if (batch.isTransactional) {
      updated.currentTransactionFirstOffset = baseOffset
      this.started.push(baseOffset)
    }
  }

  private appendMarker(batch: BatchView, transactionVersion: number): CompletedTransaction | null {
    const marker = readEndTransactionMarker(batch)
    // An empty control batch is left of a transaction that compaction removed altogether.
    if (marker === null) return null
    const { updated } = this
    const epoch = batch.producerEpoch
    this.checkEpoch(epoch, transactionVersion)
    if (marker.coordinatorEpoch < updated.coordinatorEpoch && this.origin !== 'replication') {
      throw new ApiError(
        ErrorCode.TRANSACTION_COORDINATOR_FENCED,
        `coordinator epoch ${marker.coordinatorEpoch} after ${updated.coordinatorEpoch}`,
      )
    }
    const firstOffset = updated.currentTransactionFirstOffset
    const completed = updated.hasOpenTransaction
      ? {
          producerId: updated.producerId,
          firstOffset,
          lastOffset: batch.baseOffset,
          isAborted: marker.type === ABORT,
        }
      : null
    updated.endTransaction(epoch, marker.coordinatorEpoch, marker.timestamp)
    return completed
  }

  /**
   * From transaction version 2 on the coordinator raises the epoch before it writes a marker, so a marker
   * of the epoch already known is late. The exception is a marker that was written and is sent again:
   * then no transaction is open, and writing it twice does no harm.
   */
  private checkEpoch(epoch: number, transactionVersion: number): void {
    if (this.origin === 'replication') return
    const { updated } = this
    const isStrict = transactionVersion >= 2
    if (isStrict ? epoch > updated.epoch : epoch >= updated.epoch) return
    if (isStrict && epoch === updated.epoch && !updated.hasOpenTransaction) return
    throw new ApiError(
      ErrorCode.INVALID_PRODUCER_EPOCH,
      `epoch ${epoch} of producer ${updated.producerId}, seen was ${updated.epoch}`,
    )
  }

  private checkSequence(epoch: number, firstSequence: number): void {
    const { updated, current, verification } = this
    if (verification !== null) {
      const isNew = current.batches.length === 0
      if (verification.supportsEpochBump && firstSequence !== 0 && isNew) {
        throw this.outOfOrder(firstSequence, 'the first of this producer, which must be 0')
      }
      if (firstSequence > verification.lowestSequence) {
        throw this.outOfOrder(firstSequence, `seen was ${verification.lowestSequence}`)
      }
    }
    if (epoch !== updated.epoch) {
      if (firstSequence !== 0 && updated.epoch !== NO_EPOCH) {
        throw this.outOfOrder(firstSequence, `the first of epoch ${epoch}, which must be 0`)
      }
      return
    }
    // Nothing known (all its records expired or were deleted): any first sequence will do.
    if (current.epoch === NO_EPOCH) return
    const last =
      updated.batches.length > 0
        ? updated.lastSequence
        : epoch === current.epoch
          ? current.lastSequence
          : -1
    const isNext = firstSequence === last + 1 || (firstSequence === 0 && last === MAX_SEQUENCE)
    if (!isNext) throw this.outOfOrder(firstSequence, `the last was ${last}`)
  }

  private outOfOrder(sequence: number, why: string): ApiError {
    return new ApiError(
      ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
      `sequence ${sequence} of producer ${this.updated.producerId}: ${why}`,
    )
  }
}
