/**
 * The transactional ids of one shard. What the records say is hard state; what a producer's last
 * incarnation was, which tells a retry from a zombie, is remembered only as long as the shard is loaded.
 */
import { TimelineMap, TimelineSet, type Timeline } from '@barnabas/base'
import {
  fromTransactionLogValue,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  type Transaction,
} from './transaction.ts'
import type { TransactionRecord } from './transaction-records.ts'

/** The incarnation before the present one. */
export interface LastIncarnation {
  readonly producerId: number
  readonly producerEpoch: number
}

const UNKNOWN_INCARNATION: LastIncarnation = {
  producerId: NO_PRODUCER_ID,
  producerEpoch: NO_PRODUCER_EPOCH,
}

export class TransactionRegistry {
  private readonly transactions: TimelineMap<string, Transaction>
  /** Ids in state Ongoing, so that looking for time-outs does not cost a walk over all ids. */
  private readonly open: TimelineSet<string>
  private readonly last: TimelineMap<string, LastIncarnation>

  constructor(timeline: Timeline) {
    this.transactions = new TimelineMap(timeline)
    this.open = new TimelineSet(timeline)
    this.last = new TimelineMap(timeline)
  }

  get size(): number {
    return this.transactions.size
  }

  get openCount(): number {
    return this.open.size
  }

  get(transactionalId: string): Transaction | undefined {
    return this.transactions.get(transactionalId)
  }

  getAt(transactionalId: string, offset: number): Transaction | undefined {
    return this.transactions.getAt(transactionalId, offset)
  }

  entries(): IterableIterator<[string, Transaction]> {
    return this.transactions.entries()
  }

  entriesAt(offset: number): IterableIterator<[string, Transaction]> {
    return this.transactions.entriesAt(offset)
  }

  /** The ids whose transactions are Ongoing. */
  openIds(): string[] {
    return [...this.open.values()]
  }

  lastIncarnation(transactionalId: string): LastIncarnation {
    const last = this.last.get(transactionalId)
    if (last !== undefined) return last
    const transaction = this.transactions.get(transactionalId)
    if (transaction === undefined) return UNKNOWN_INCARNATION
    return { producerId: transaction.previousProducerId, producerEpoch: NO_PRODUCER_EPOCH }
  }

  rememberLast(transactionalId: string, last: LastIncarnation): void {
    this.last.set(transactionalId, last)
  }

  replay({ key, value }: TransactionRecord): void {
    const { transactionalId } = key
    const transaction = value === null ? null : fromTransactionLogValue(value)
    if (transaction === null) {
      this.transactions.delete(transactionalId)
      this.open.delete(transactionalId)
      this.last.delete(transactionalId)
      return
    }
    this.transactions.set(transactionalId, transaction)
    if (transaction.state === 'Ongoing') this.open.add(transactionalId)
    else this.open.delete(transactionalId)
  }
}
