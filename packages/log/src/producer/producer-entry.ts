/**
 * What a log knows of one producer: its epoch, its last five batches (enough for the five requests a
 * producer may have in flight), the transaction it has open, and the coordinator of its last marker.
 */
import type { BatchView } from '@barnabas/protocol'
import { RETAINED_BATCHES } from '../limits.ts'
import type { ProducerSnapshotEntry } from './producer-snapshot.ts'

export const NO_EPOCH = -1
export const NO_SEQUENCE = -1
export const NO_OFFSET = -1

const SEQUENCES = 0x80000000

export interface ProducerBatch {
  lastSequence: number
  lastOffset: number
  /** Offsets between first and last record. */
  offsetDelta: number
  timestamp: number
}

export function firstOffsetOf(batch: ProducerBatch): number {
  return batch.lastOffset - batch.offsetDelta
}

/** Sequences wrap from 2^31 - 1 to 0. */
export function firstSequenceOf(batch: ProducerBatch): number {
  return (batch.lastSequence - batch.offsetDelta + SEQUENCES) % SEQUENCES
}

export class ProducerEntry {
  readonly producerId: number
  epoch = NO_EPOCH
  coordinatorEpoch = -1
  lastTimestamp = -1
  /** -1 when no transaction is open. */
  currentTransactionFirstOffset = NO_OFFSET
  /** Oldest first. */
  readonly batches: ProducerBatch[] = []

  constructor(producerId: number) {
    this.producerId = producerId
  }

  /** The same knowledge without the batches, for what is being appended to build on. */
  successor(): ProducerEntry {
    const next = new ProducerEntry(this.producerId)
    next.epoch = this.epoch
    next.coordinatorEpoch = this.coordinatorEpoch
    next.lastTimestamp = this.lastTimestamp
    next.currentTransactionFirstOffset = this.currentTransactionFirstOffset
    return next
  }

  static fromSnapshot(stored: ProducerSnapshotEntry): ProducerEntry {
    const entry = new ProducerEntry(stored.producerId)
    entry.epoch = stored.epoch
    entry.coordinatorEpoch = stored.coordinatorEpoch
    entry.lastTimestamp = stored.timestamp
    entry.currentTransactionFirstOffset = stored.currentTransactionFirstOffset
    if (stored.lastSequence !== NO_SEQUENCE || stored.lastOffset !== NO_OFFSET) {
      entry.batches.push({
        lastSequence: stored.lastSequence,
        lastOffset: stored.lastOffset,
        offsetDelta: stored.offsetDelta,
        timestamp: stored.timestamp,
      })
    }
    return entry
  }

  toSnapshot(): ProducerSnapshotEntry {
    const last = this.batches.at(-1)
    return {
      producerId: this.producerId,
      epoch: this.epoch,
      lastSequence: last?.lastSequence ?? NO_SEQUENCE,
      lastOffset: last?.lastOffset ?? NO_OFFSET,
      offsetDelta: last?.offsetDelta ?? 0,
      timestamp: this.lastTimestamp,
      coordinatorEpoch: this.coordinatorEpoch,
      currentTransactionFirstOffset: this.currentTransactionFirstOffset,
    }
  }

  get hasOpenTransaction(): boolean {
    return this.currentTransactionFirstOffset !== NO_OFFSET
  }

  get lastSequence(): number {
    return this.batches.at(-1)?.lastSequence ?? NO_SEQUENCE
  }

  /** Offset of the last data record, -1 when only markers are known. */
  get lastDataOffset(): number {
    return this.batches.at(-1)?.lastOffset ?? NO_OFFSET
  }

  addBatch(epoch: number, batch: ProducerBatch): void {
    this.takeEpoch(epoch)
    if (this.batches.length === RETAINED_BATCHES) this.batches.shift()
    this.batches.push(batch)
    this.lastTimestamp = batch.timestamp
  }

  /** A marker ended what was open. */
  endTransaction(epoch: number, coordinatorEpoch: number, timestamp: number): void {
    this.takeEpoch(epoch)
    this.coordinatorEpoch = coordinatorEpoch
    this.lastTimestamp = timestamp
    this.currentTransactionFirstOffset = NO_OFFSET
  }

  /** Takes over what an append made of `successor()`. */
  merge(appended: ProducerEntry): void {
    this.takeEpoch(appended.epoch)
    for (const batch of appended.batches) this.addBatch(appended.epoch, batch)
    this.coordinatorEpoch = appended.coordinatorEpoch
    this.currentTransactionFirstOffset = appended.currentTransactionFirstOffset
    this.lastTimestamp = appended.lastTimestamp
  }

  /** The retained batch of which `batch` is a retry, null when it is none. */
  duplicateOf(batch: BatchView): ProducerBatch | null {
    if (batch.producerEpoch !== this.epoch) return null
    const { baseSequence, lastSequence } = batch
    for (const known of this.batches) {
      if (known.lastSequence === lastSequence && firstSequenceOf(known) === baseSequence)
        return known
    }
    return null
  }

  private takeEpoch(epoch: number): void {
    if (this.epoch === epoch) return
    this.batches.length = 0
    this.epoch = epoch
  }
}
