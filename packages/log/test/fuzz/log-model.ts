/** What a log should hold, kept as a list; and what of it must have survived a crash. */
import { BatchView } from '@barnabas/protocol'
import type { AbortedTransaction } from '../../src/index/transaction-index.ts'
import { ProducerState } from '../../src/producer/producer-state.ts'
import type { PartitionLog } from '../../src/partition-log.ts'

export class LogModel {
  /** As stored, in order. */
  batches: BatchView[] = []
  start = 0
  end = 0
  /** Batches that end before it must survive any crash. */
  durable = 0

  copy(): LogModel {
    const other = new LogModel()
    other.batches = [...this.batches]
    other.start = this.start
    other.end = this.end
    other.durable = this.durable
    return other
  }

  append(batch: BatchView): void {
    const kept = new BatchView(Buffer.from(batch.bytes))
    this.batches.push(kept)
    this.end = kept.nextOffset
  }

  truncateTo(offset: number): void {
    if (offset >= this.end) return
    this.batches = this.batches.filter(({ lastOffset }) => lastOffset < offset)
    this.end = offset
    this.start = Math.min(this.start, offset)
    this.durable = Math.min(this.durable, offset)
  }

  reset(offset: number): void {
    this.batches = []
    this.start = offset
    this.end = offset
    this.durable = offset
  }

  remove(offsets: ReadonlySet<number>): void {
    this.batches = this.batches.filter(({ baseOffset }) => !offsets.has(baseOffset))
  }

  /** Of batches that a reader from the start gets. */
  get visible(): BatchView[] {
    return this.batches.filter(({ lastOffset }) => lastOffset >= this.start)
  }

  producers(): ProducerState {
    const state = new ProducerState()
    for (const batch of this.batches) {
      for (const completed of state.replay(batch)) state.complete(completed)
    }
    return state
  }

  aborted(): AbortedTransaction[] {
    const state = new ProducerState()
    const found: AbortedTransaction[] = []
    for (const batch of this.batches) {
      for (const completed of state.replay(batch)) {
        const aborted = state.complete(completed)
        if (aborted !== null && aborted.lastOffset >= this.start) found.push(aborted)
      }
    }
    return found
  }

  /**
   * The part of the model that the log holds after a crash, or why there is none: everything durable, and
   * of the rest a beginning.
   */
  cutTo(found: readonly BatchView[], log: PartitionLog): LogModel | string {
    const model = this.copy()
    model.start = log.logStartOffset
    model.end = log.logEndOffset
    const expected = this.batches.filter(({ lastOffset }) => lastOffset >= model.start)
    for (const [n, batch] of found.entries()) {
      if (expected[n] === undefined || !batch.bytes.equals(expected[n].bytes)) {
        return `batch ${n} at ${batch.baseOffset} is not what was written`
      }
    }
    const lost = expected[found.length]
    if (lost !== undefined && lost.lastOffset < this.durable) {
      return `batch ${lost.baseOffset} is lost, durable was ${this.durable}`
    }
    const last = found.at(-1)
    if (last !== undefined && last.nextOffset > model.end)
      return 'the log ends before its last batch'
    model.batches = this.batches.filter(
      ({ lastOffset }) =>
        lastOffset < model.start || found.some((one) => one.lastOffset === lastOffset),
    )
    // What was found has been verified, and counts as before.
    model.durable = Math.min(this.durable, model.end)
    return model
  }
}
