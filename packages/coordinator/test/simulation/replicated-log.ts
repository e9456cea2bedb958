/**
 * One partition of a coordinator's topic, replicated between brokers of a simulation: the leader's newest
 * records are lost when it loses the lead before they are committed; who does not know yet that it is
 * not the leader any more cannot append.
 */
import { ApiError, type Awaitable, type Entropy, type Timers } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import type { AppendBatch, LoadedBatch, LoadedRecord, PartitionWriter } from '../../src/index.ts'

interface StoredBatch extends AppendBatch {
  readonly baseOffset: number
  readonly nextOffset: number
}

export interface ReplicatedLogOptions {
  readonly timers: Timers
  readonly entropy: Entropy
  /** Called as the leader's high watermark moves. */
  onHighWatermark(broker: number, offset: number): void
  /** Called for every batch once it is committed, in order. */
  onCommitted(batch: AppendBatch): void
}

export class ReplicatedLog {
  leader = 0
  leaderEpoch = 0
  highWatermark = 0
  /** Part of the appends that fail, of a hundred. */
  failingPercent = 0
  private readonly options: ReplicatedLogOptions
  private batches: StoredBatch[] = []

  constructor(options: ReplicatedLogOptions) {
    this.options = options
  }

  get endOffset(): number {
    return this.batches.at(-1)?.nextOffset ?? 0
  }

  /** Another broker leads from now on; what was not committed may be lost. */
  elect(leader: number): void {
    const { entropy } = this.options
    this.leader = leader
    this.leaderEpoch++
    const committed = this.batches.filter(({ nextOffset }) => nextOffset <= this.highWatermark)
    const open = this.batches.slice(committed.length)
    const kept = open.slice(0, entropy.nextU32() % (open.length + 1))
    this.batches = [...committed, ...kept]
    this.replicate()
  }

  /** The log as one broker works with it. */
  writer(broker: number): PartitionWriter {
    return {
      append: (_partition, leaderEpoch, batch) => this.append(broker, leaderEpoch, batch),
      load: () => this.load(),
      endOffset: () => this.endOffset,
      highWatermark: () => this.highWatermark,
      batchSizeMaxBytes: () => 1_000_000,
    }
  }

  private append(broker: number, leaderEpoch: number, batch: AppendBatch): Awaitable<number> {
    const { entropy, timers } = this.options
    const records = batch.records.slice()
    if (entropy.nextU32() % 3 > 0) return this.store(broker, leaderEpoch, { ...batch, records })
    return new Promise((resolve, reject) => {
      timers.schedule(1 + (entropy.nextU32() % 20), () => {
        try {
          resolve(this.store(broker, leaderEpoch, { ...batch, records }))
        } catch (error) {
          reject(error as ApiError)
        }
      })
    })
  }

  private store(broker: number, leaderEpoch: number, batch: AppendBatch): number {
    if (broker !== this.leader || leaderEpoch !== this.leaderEpoch) {
      throw new ApiError(ErrorCode.NOT_LEADER_OR_FOLLOWER)
    }
    if (this.options.entropy.nextU32() % 100 < this.failingPercent) {
      throw new ApiError(ErrorCode.NOT_ENOUGH_REPLICAS)
    }
    const baseOffset = this.endOffset
    this.batches.push({ ...batch, baseOffset, nextOffset: baseOffset + batch.records.length })
    this.replicate()
    return this.endOffset
  }

  private replicate(): void {
    const { timers, entropy } = this.options
    const epoch = this.leaderEpoch
    timers.schedule(entropy.nextU32() % 30, () => {
      if (epoch === this.leaderEpoch) this.commit()
    })
  }

  private commit(): void {
    const before = this.highWatermark
    this.highWatermark = this.endOffset
    for (const batch of this.batches) {
      if (batch.nextOffset > before) this.options.onCommitted(batch)
    }
    this.options.onHighWatermark(this.leader, this.highWatermark)
  }

  private async *load(): AsyncIterable<LoadedBatch> {
    for (const { baseOffset, nextOffset, timestampMs, records } of this.batches.slice()) {
      const loaded: LoadedRecord[] = records.map((record, n) => {
        return { ...record, offset: baseOffset + n, timestampMs }
      })
      const outside = { producerId: -1, producerEpoch: -1, marker: null }
      yield { baseOffset, nextOffset, ...outside, records: loaded }
    }
  }
}
