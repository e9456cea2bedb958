/** The batches of one partition, in the order in which their records were sent. */
import type { ProducerBatch } from './producer-batch.ts'

export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  /** To be sent, the first one first. Only the last may be open. */
  readonly waiting: ProducerBatch[] = []
  /** Sent at least once and not done, in the order of their sequences. Some may wait for a retry. */
  readonly tracked: ProducerBatch[] = []
  /** Sent and not answered. */
  inFlight = 0
  /** Largest batch that the broker takes, once it has refused a larger one. */
  maxBatchBytes = Number.POSITIVE_INFINITY
  /** Size of the last batch, as a guess for the next one. */
  lastBatchBytes = 0
  /** Number of the transaction that knows of this partition. */
  transaction = -1
  /** Since when its broker has not taken what waits; 0 when nothing waits in vain. */
  stuckSinceMs = 0
  /** So long that records without a key are kept away from it. */
  isStuck = false

  /** Identity under which sequences are counted; they begin anew when it changes. */
  producerId = -1
  producerEpoch = -1
  nextSequence = 0
  /**
   * The broker has taken a batch of this id. Before, it takes any sequence for the first one, so a second
   * batch must not be sent that might overtake.
   */
  isEstablished = false
  /** The fate of a batch that was given up is unknown, so no sequence may follow it. */
  isUnresolved = false
  /** Its sequences have to begin anew, under a higher epoch, once nothing is in flight. */
  needsRewrite = false

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0 && this.tracked.length === 0
  }

  /** The batch that takes more records. */
  get open(): ProducerBatch | null {
    const last = this.waiting[this.waiting.length - 1]
    return last !== undefined && last.isOpen ? last : null
  }

  /** Puts a batch back for a retry: before those that were sent after it, or never. */
  putBack(batch: ProducerBatch): void {
    const { waiting } = this
    let at = 0
    if (batch.hasSequence) {
      while (at < waiting.length && isBefore(waiting[at]!, batch)) at++
    }
    waiting.splice(at, 0, batch)
  }

  untrack(batch: ProducerBatch): void {
    const at = this.tracked.indexOf(batch)
    if (at >= 0) this.tracked.splice(at, 1)
  }
}

/** Sequences wrap at 2^31; those of one partition that are alive are close together. */
function isBefore(one: ProducerBatch, other: ProducerBatch): boolean {
  if (!one.hasSequence) return false
  const distance = (other.baseSequence - one.baseSequence) & 0x7fffffff
  return distance > 0 && distance < 0x40000000
}
