/**
 * Which partition a record goes to: by its key as every Kafka client does it, else to one partition for a
 * while, so that batches get large (KIP-480), and more often to those whose brokers keep up (KIP-794).
 */
import { type Entropy, murmur2, toPositive } from '@barnabas/base'

export interface PartitionerInput {
  topic: string
  key: Uint8Array | null
  value: Uint8Array | null
  partitionCount: number
}

/** A choice of one's own: a partition, or null to leave it to the default. */
export type Partitioner = (input: PartitionerInput) => number | null

export function partitionOfKey(key: Uint8Array, partitionCount: number): number {
  return toPositive(murmur2(key)) % partitionCount
}

/** What the sticky choice asks of the partitions. */
export interface PartitionLoads {
  readonly partitionCount: number
  /** Whether records for it could be sent now. */
  isAvailable(partition: number): boolean
  /** Batches that wait for it; 0 where that is not to count. */
  waitingBatches(partition: number): number
}

export class StickyChoice {
  private readonly entropy: Entropy
  private readonly switchBytes: number
  private partition = -1
  private bytes = 0

  constructor(entropy: Entropy, switchBytes: number) {
    this.entropy = entropy
    this.switchBytes = switchBytes
  }

  /** The partition for the next record without a key. */
  current(loads: PartitionLoads): number {
    if (this.partition < 0 || this.partition >= loads.partitionCount) this.choose(loads)
    return this.partition
  }

  /** Bytes went to the current partition; after enough of them the next one is chosen. */
  onAppended(sizeBytes: number, loads: PartitionLoads): void {
    this.bytes += sizeBytes
    if (this.bytes >= this.switchBytes) this.choose(loads)
  }

  private choose(loads: PartitionLoads): void {
    this.bytes = 0
    const { partitionCount } = loads
    let candidates = 0
    let longest = 0
    for (let partition = 0; partition < partitionCount; partition++) {
      if (!loads.isAvailable(partition)) continue
      candidates++
      longest = Math.max(longest, loads.waitingBatches(partition))
    }
    if (candidates === 0) {
      this.partition = this.entropy.nextU32() % partitionCount
      return
    }
    let total = 0
    for (let partition = 0; partition < partitionCount; partition++) {
      if (loads.isAvailable(partition)) total += longest + 1 - loads.waitingBatches(partition)
    }
    let at = this.entropy.nextU32() % total
    for (let partition = 0; partition < partitionCount; partition++) {
      if (!loads.isAvailable(partition)) continue
      at -= longest + 1 - loads.waitingBatches(partition)
      if (at < 0) {
        this.partition = partition
        return
      }
    }
  }
}
