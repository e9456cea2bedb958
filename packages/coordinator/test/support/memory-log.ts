/**
 * The log of a coordinator's topic in memory. Appends succeed at once unless told otherwise; the high
 * watermark follows the end of the log unless it is held.
 */
import { ApiError, type Awaitable } from '@barnabas/base'
import type {
  AppendBatch,
  LoadedBatch,
  LoadedRecord,
  PartitionWriter,
} from '../../src/runtime/partition-writer.ts'

interface StoredBatch extends AppendBatch {
  baseOffset: number
  nextOffset: number
}

interface HeldAppend {
  batch: AppendBatch
  partition: number
  resolve(endOffset: number): void
  reject(error: Error): void
}

export class MemoryLog implements PartitionWriter {
  readonly batches = new Map<number, StoredBatch[]>()
  readonly watermarks = new Map<number, number>()
  onHighWatermark: (partition: number, offset: number) => void = () => {}
  /** Error code the next appends fail with. */
  failures: number[] = []
  /** Appends wait in `held` until the test lets them go. */
  holdAppends = false
  holdWatermark = false
  held: HeldAppend[] = []
  maxBytes = 1_000_000
  /** Called before each batch is read. */
  beforeLoad: () => Awaitable<void> = () => {}

  append(partition: number, _leaderEpoch: number, batch: AppendBatch): Awaitable<number> {
    const failure = this.failures.shift()
    if (failure !== undefined) throw new ApiError(failure)
    if (!this.holdAppends) return this.store(partition, batch)
    return new Promise((resolve, reject) => this.held.push({ batch, partition, resolve, reject }))
  }

  /** Lets the oldest held append succeed. */
  releaseAppend(): void {
    const { batch, partition, resolve } = this.held.shift()!
    resolve(this.store(partition, batch))
  }

  failAppend(errorCode: number): void {
    this.held.shift()!.reject(new ApiError(errorCode))
  }

  async *load(partition: number): AsyncIterable<LoadedBatch> {
    for (const batch of this.stored(partition)) {
      await this.beforeLoad()
      const { baseOffset, nextOffset, timestampMs, producer, marker } = batch
      const records: LoadedRecord[] = batch.records.map((record, n) => {
        return { ...record, offset: baseOffset + n, timestampMs }
      })
      const { producerId = -1, producerEpoch = -1 } = producer ?? {}
      const outcome = marker?.outcome ?? null
      yield { baseOffset, nextOffset, producerId, producerEpoch, marker: outcome, records }
    }
  }

  endOffset(partition: number): number {
    return this.stored(partition).at(-1)?.nextOffset ?? 0
  }

  highWatermark(partition: number): number {
    return this.watermarks.get(partition) ?? 0
  }

  batchSizeMaxBytes(): number {
    return this.maxBytes
  }

  commit(partition: number, offset: number = this.endOffset(partition)): void {
    this.watermarks.set(partition, offset)
    this.onHighWatermark(partition, offset)
  }

  stored(partition: number): StoredBatch[] {
    let batches = this.batches.get(partition)
    if (batches === undefined) this.batches.set(partition, (batches = []))
    return batches
  }

  store(partition: number, batch: AppendBatch): number {
    const baseOffset = this.endOffset(partition)
    const nextOffset = baseOffset + (batch.marker === null ? batch.records.length : 1)
    const records = batch.records.slice()
    this.stored(partition).push({ ...batch, records, baseOffset, nextOffset })
    if (!this.holdWatermark) this.commit(partition)
    return nextOffset
  }
}
