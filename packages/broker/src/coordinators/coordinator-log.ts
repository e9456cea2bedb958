/**
 * The topic of a coordinator as its runtime reads and writes it: over the partitions that this broker
 * leads. Everything it writes is committed by all replicas in sync, or not at all.
 */
import { ApiError, assert, type Awaitable } from '@barnabas/base'
import type { AppendBatch, LoadedBatch, LoadedRecord, PartitionWriter } from '@barnabas/coordinator'
import type { AppendResult, LogRead, PartitionLog, VerificationGuard } from '@barnabas/log'
import {
  BatchBuilder,
  type BatchView,
  type CompressionType,
  decodeRecords,
  endTransactionMarkerBatch,
  ErrorCode,
  joinRecords,
  readBatches,
  readEndTransactionMarker,
} from '@barnabas/protocol'
import { LOAD_READ_BYTES } from '../limits.ts'
import type { Partition } from '../partition/partition.ts'

export interface CoordinatorLogOptions {
  readonly topic: string
  /** The partition if this broker has it, whether it leads or not. */
  find(partition: number): Partition | null
  readonly compression?: CompressionType
  /** `transaction.partition.verification.enable` */
  requiresVerification?(): boolean
}

export class CoordinatorLog implements PartitionWriter {
  private readonly options: CoordinatorLogOptions

  constructor(options: CoordinatorLogOptions) {
    this.options = options
  }

  append(partition: number, leaderEpoch: number, batch: AppendBatch): Awaitable<number> {
    const led = this.led(partition, leaderEpoch)
    const { producer } = batch
    const guard = (producer?.verificationGuard ?? null) as VerificationGuard | null
    const isTransactional = producer !== null && batch.marker === null
    const result = led.append(this.build(batch), {
      acks: -1,
      origin: 'coordinator',
      guard,
      requiresVerification: isTransactional && (this.options.requiresVerification?.() ?? false),
    })
    return result instanceof Promise ? result.then(nextOffsetOf) : nextOffsetOf(result)
  }

  async *load(partition: number, leaderEpoch: number): AsyncIterable<LoadedBatch> {
    const { log } = this.led(partition, leaderEpoch)
    for (let offset = log.logStartOffset; offset < log.logEndOffset; ) {
      const read = await log.read(offset, LOAD_READ_BYTES, 'logEnd', true)
      try {
        for (const batch of batchesOf(read)) {
          if (batch.nextOffset <= offset) continue
          yield loadedBatch(batch, offset)
          offset = batch.nextOffset
        }
      } finally {
        for (const owner of read.owners) owner.release()
      }
      // What follows was lost to compaction, up to the end.
      if (read.sizeBytes === 0) return
      this.led(partition, leaderEpoch)
    }
  }

  endOffset(partition: number): number {
    return this.logOf(partition)?.logEndOffset ?? 0
  }

  highWatermark(partition: number): number {
    return this.logOf(partition)?.highWatermark ?? 0
  }

  batchSizeMaxBytes(partition: number): number {
    const log = this.logOf(partition)
    assert(log !== null, `${this.options.topic}-${partition} is not here`)
    return log.config.maxMessageBytes
  }

  private logOf(partition: number): PartitionLog | null {
    return this.options.find(partition)?.log ?? null
  }

  private led(partition: number, leaderEpoch: number): Partition {
    const found = this.options.find(partition)
    if (found === null || !found.isLeader || found.leaderEpoch !== leaderEpoch) {
      throw new ApiError(ErrorCode.NOT_LEADER_OR_FOLLOWER)
    }
    return found
  }

  private build({ records, timestampMs, producer, marker }: AppendBatch): BatchView {
    if (marker !== null) {
      assert(producer !== null, 'a marker ends the transaction of a producer')
      return endTransactionMarkerBatch({
        producerId: producer.producerId,
        producerEpoch: producer.producerEpoch,
        coordinatorEpoch: marker.coordinatorEpoch,
        commit: marker.outcome === 'commit',
        timestampMs,
      })
    }
    const { compression = 'none' } = this.options
    const builder = new BatchBuilder(
      producer === null
        ? { compression }
        : {
            compression,
            producerId: producer.producerId,
            producerEpoch: producer.producerEpoch,
            isTransactional: true,
          },
    )
    for (const { key, value } of records) builder.append(timestampMs, key, value)
    return builder.build()
  }
}

function nextOffsetOf(result: AppendResult): number {
  if (!result.accepted) throw new ApiError(result.errorCode, result.message || undefined)
  return result.lastOffset + 1
}

function batchesOf({ parts }: LogRead): readonly BatchView[] {
  return readBatches(joinRecords(parts) as Buffer).batches
}

function loadedBatch(batch: BatchView, fromOffset: number): LoadedBatch {
  const { baseOffset, nextOffset, producerEpoch } = batch
  const producerId = batch.isTransactional ? batch.producerId : -1
  const plain = { baseOffset, nextOffset, producerId, producerEpoch }
  if (!batch.isControl) {
    return { ...plain, marker: null, records: recordsOf(batch, fromOffset) }
  }
  const marker = readEndTransactionMarker(batch)
  if (marker === null) return { ...plain, marker: null, records: [] }
  return { ...plain, marker: marker.commit ? 'commit' : 'abort', records: [] }
}

function recordsOf(batch: BatchView, fromOffset: number): LoadedRecord[] {
  return decodeRecords(batch, { fromOffset }).map(({ offset, timestamp, key, value }) => ({
    offset,
    timestampMs: timestamp,
    // Coordinators keep what they read longer than the memory it was read into lives.
    key: Buffer.from(key ?? []),
    value: value === null ? null : Buffer.from(value),
  }))
}
