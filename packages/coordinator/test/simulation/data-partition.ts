/**
 * A partition that transactions write to: what its leader checks of producers, and what became of every
 * record once the markers are there.
 */
import { ErrorCode, type WriteTxnMarkersRequestWritableTxnMarker } from '@barnabas/protocol'

/** A record, and the transaction its producer means it to be part of. */
export interface DataRecord {
  readonly producerId: number
  readonly producerEpoch: number
  readonly sequence: number
  /** Names one transaction of one incarnation. */
  readonly transaction: string
}

export type Fate = 'open' | 'committed' | 'aborted'

interface ProducerState {
  epoch: number
  nextSequence: number
  coordinatorEpoch: number
  /** Records since the last marker. */
  open: { readonly record: DataRecord; fate: Fate }[]
}

export class DataPartition {
  readonly name: string
  readonly records: { readonly record: DataRecord; fate: Fate }[] = []
  private readonly producers = new Map<number, ProducerState>()
  /** Producers whose first record of a transaction is being verified; a marker calls it off. */
  private readonly verifying = new Map<number, object>()

  constructor(name: string) {
    this.name = name
  }

  /** An open transaction of an epoch before does not count: its marker is still to come. */
  isOpenFor(producerId: number, producerEpoch: number): boolean {
    const { epoch, open } = this.state(producerId)
    return open.length > 0 && epoch === producerEpoch
  }

  openProducers(): number[] {
    return [...this.producers].flatMap(([id, { open }]) => (open.length > 0 ? [id] : []))
  }

  /** Before a transaction's first record its coordinator is asked; the guard is what the answer is for. */
  beginVerification(producerId: number): object {
    let guard = this.verifying.get(producerId)
    if (guard === undefined) this.verifying.set(producerId, (guard = {}))
    return guard
  }

  append(record: DataRecord, guard: object | null): number {
    const { producerId, producerEpoch, sequence } = record
    const state = this.state(producerId)
    if (producerEpoch < state.epoch) return ErrorCode.INVALID_PRODUCER_EPOCH
    if (!this.isOpenFor(producerId, producerEpoch) && this.verifying.get(producerId) !== guard) {
      return ErrorCode.INVALID_TXN_STATE
    }
    const expected = producerEpoch > state.epoch ? 0 : state.nextSequence
    if (sequence !== expected) return ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
    state.epoch = producerEpoch
    state.nextSequence = sequence + 1
    const entry = { record, fate: 'open' as Fate }
    state.open.push(entry)
    this.records.push(entry)
    this.verifying.delete(producerId)
    return ErrorCode.NONE
  }

  writeMarker(marker: WriteTxnMarkersRequestWritableTxnMarker): number {
    const { producerId, producerEpoch, coordinatorEpoch, transactionResult } = marker
    const state = this.state(producerId)
    if (producerEpoch < state.epoch) return ErrorCode.INVALID_PRODUCER_EPOCH
    if (coordinatorEpoch < state.coordinatorEpoch) return ErrorCode.TRANSACTION_COORDINATOR_FENCED
    state.coordinatorEpoch = coordinatorEpoch
    if (producerEpoch > state.epoch) {
      state.epoch = producerEpoch
      state.nextSequence = 0
    }
    for (const entry of state.open) entry.fate = transactionResult ? 'committed' : 'aborted'
    state.open = []
    this.verifying.delete(producerId)
    return ErrorCode.NONE
  }

  private state(producerId: number): ProducerState {
    let state = this.producers.get(producerId)
    if (state === undefined) {
      state = { epoch: -1, nextSequence: 0, coordinatorEpoch: -1, open: [] }
      this.producers.set(producerId, state)
    }
    return state
  }
}
