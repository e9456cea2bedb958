/**
 * What compaction knows of the transactions on its way through a log, from the transaction indexes of
 * the segments it comes through (CMP-05, CMP-06): which data was aborted and can go, and whether a marker
 * still has data before it. One instance goes with one walk, from the first segment to the last.
 */
import { BinaryHeap } from '@barnabas/base'
import { type BatchView, ControlRecordType, controlTypeOf } from '@barnabas/protocol'
import type { AbortedTransaction } from '../index/transaction-index.ts'

interface Aborted {
  transaction: AbortedTransaction
  /** Batches of it were met. */
  hasData: boolean
}

export class CleanedTransactions {
  /**
   * The aborted transactions whose marker was met and that still had data, in the order of their
   * markers: the transaction index of what is written. The owner takes them out.
   */
  readonly kept: AbortedTransaction[] = []
  private readonly ahead = new BinaryHeap<AbortedTransaction>(
    (one, other) => one.firstOffset < other.firstOffset,
  )
  private readonly open = new Map<number, Aborted>()
  /** Producers with data met that is not of an aborted transaction. */
  private readonly committed = new Set<number>()

  /** Aborted transactions that overlap what comes next. One that spans segments may be told again. */
  add(transactions: readonly AbortedTransaction[]): void {
    for (const transaction of transactions) this.ahead.push(transaction)
  }

  /** Takes note of a batch of data. True when its transaction was aborted. */
  onData(batch: BatchView): boolean {
    this.reach(batch.lastOffset)
    if (!batch.isTransactional) return false
    const aborted = this.open.get(batch.producerId)
    if (aborted === undefined) {
      this.committed.add(batch.producerId)
      return false
    }
    aborted.hasData = true
    return true
  }

  /** Takes note of a control batch. True when nothing is left that it speaks of. */
  onControl(batch: BatchView): boolean {
    this.reach(batch.lastOffset)
    if (batch.recordCount === 0) return true
    const { producerId } = batch
    switch (controlTypeOf(batch)) {
      case ControlRecordType.ABORT: {
        const aborted = this.open.get(producerId)
        this.open.delete(producerId)
        if (aborted?.hasData !== true) return true
        this.kept.push(aborted.transaction)
        return false
      }
      case ControlRecordType.COMMIT:
        return !this.committed.delete(producerId)
      default:
        return false
    }
  }

  /** Transactions that begin up to `offset` are open from now on. */
  private reach(offset: number): void {
    for (let next = this.ahead.peek(); next !== undefined; next = this.ahead.peek()) {
      if (next.firstOffset > offset) return
      this.ahead.pop()
      const known = this.open.get(next.producerId)
      if (known === undefined || known.transaction.lastOffset < next.firstOffset) {
        this.open.set(next.producerId, { transaction: next, hasData: false })
      }
    }
  }
}
