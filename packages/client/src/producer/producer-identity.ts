/**
 * The producer id and epoch, and the sequences under them (KIP-98). Sequences are counted by partition and
 * belong to one id and epoch: a partition takes up a new one when all it has sent is answered.
 *
 * A producer without transactions raises its epoch by itself when the fate of a batch is unknown (KIP-360):
 * what was tracked is then numbered from 0 under the new epoch, so the broker need not know of what was lost.
 */
import type { PartitionQueue } from './partition-queue.ts'
import type { ProducerBatch } from './producer-batch.ts'

const EPOCH_MAX = 32_767

export class ProducerIdentity {
  producerId = -1
  producerEpoch = -1

  get isKnown(): boolean {
    return this.producerId >= 0
  }

  set(producerId: number, producerEpoch: number): void {
    this.producerId = producerId
    this.producerEpoch = producerEpoch
  }

  forget(): void {
    this.set(-1, -1)
  }

  /** A higher epoch. False when the epochs are used up: then a new id is needed, and none is known. */
  bump(): boolean {
    if (this.producerEpoch >= EPOCH_MAX - 1) {
      this.forget()
      return false
    }
    this.producerEpoch++
    return true
  }

  /** Gives a batch that is sent for the first time its sequence. */
  assign(queue: PartitionQueue, batch: ProducerBatch): void {
    if (!this.isCurrent(queue) && queue.tracked.length === 0) this.begin(queue)
    batch.stamp(queue.producerId, queue.producerEpoch, queue.nextSequence)
    queue.nextSequence = plus(queue.nextSequence, batch.recordCount)
    queue.tracked.push(batch)
  }

  isCurrent(queue: PartitionQueue): boolean {
    return queue.producerId === this.producerId && queue.producerEpoch === this.producerEpoch
  }

  /** Numbers what is tracked from 0 under the present id and epoch. Nothing may be in flight. */
  rewrite(queue: PartitionQueue): void {
    this.begin(queue)
    for (const batch of queue.tracked) {
      batch.stamp(queue.producerId, queue.producerEpoch, queue.nextSequence)
      queue.nextSequence = plus(queue.nextSequence, batch.recordCount)
    }
  }

  /** The broker has definitely refused a batch: those after it close the gap. */
  closeGap(queue: PartitionQueue, refused: ProducerBatch): void {
    const count = refused.recordCount
    for (const batch of queue.tracked) {
      if (!follows(batch, refused)) continue
      batch.stamp(batch.producerId, batch.producerEpoch, plus(batch.baseSequence, -count))
    }
    queue.nextSequence = plus(queue.nextSequence, -count)
  }

  private begin(queue: PartitionQueue): void {
    if (queue.producerId !== this.producerId) queue.isEstablished = false
    queue.producerId = this.producerId
    queue.producerEpoch = this.producerEpoch
    queue.nextSequence = 0
    queue.isUnresolved = false
    queue.needsRewrite = false
  }
}

function follows(batch: ProducerBatch, other: ProducerBatch): boolean {
  if (batch.producerEpoch !== other.producerEpoch) return false
  const distance = (batch.baseSequence - other.baseSequence) & 0x7fffffff
  return distance > 0 && distance < 0x40000000
}

/** Sequences count to 2^31-1 and begin again at 0. */
function plus(sequence: number, count: number): number {
  return (sequence + count) & 0x7fffffff
}
