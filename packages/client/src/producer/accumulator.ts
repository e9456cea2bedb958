/**
 * Gathers records into batches, one queue a partition, within the producer's memory. Appending is
 * synchronous and keeps nothing of a record but its bytes.
 */
import type { Entropy } from '@barnabas/base'
import {
  type BatchBuilderOptions,
  ErrorCode,
  type RecordHeader,
  recordBytesMax,
} from '@barnabas/protocol'
import type { ClusterView, TopicInfo } from '../cluster/cluster-view.ts'
import { BrokerError } from '../errors.ts'
import { BATCH_INITIAL_MAX_BYTES, BATCH_INITIAL_MIN_BYTES } from '../limits.ts'
import type { SendGroup, SingleSend } from './delivery.ts'
import { PartitionQueue } from './partition-queue.ts'
import { type PartitionLoads, partitionOfKey, StickyChoice } from './partitioner.ts'
import { ProducerBatch } from './producer-batch.ts'
import type { ProducerSettings } from './producer-options.ts'

/** A batch whose compression does better than thought is not filled beyond this many times its size. */
const COMPRESSION_RATIO_MIN = 0.1

export class TopicQueues implements PartitionLoads {
  readonly name: string
  readonly sticky: StickyChoice
  readonly queues: PartitionQueue[] = []
  /** Compressed size over size, as lately seen. */
  compressionRatio = 1
  /** Records came since the metadata was last told that the topic is in use. */
  isUsed = true
  private readonly settings: ProducerSettings
  private info: TopicInfo | null = null
  private seenView: ClusterView | null = null
  private view: ClusterView

  constructor(name: string, settings: ProducerSettings, entropy: Entropy, view: ClusterView) {
    this.name = name
    this.settings = settings
    this.view = view
    this.sticky = new StickyChoice(entropy, Math.max(1, settings.batchSizeBytes))
  }

  /** Takes note of the present view of the cluster. */
  see(view: ClusterView): void {
    if (this.seenView === view) return
    this.seenView = view
    this.view = view
    this.info = view.topic(this.name)
    const count = this.partitionCount
    while (this.queues.length < count) {
      this.queues.push(new PartitionQueue(this.name, this.queues.length))
    }
  }

  /** 0 while the topic is not known. */
  get partitionCount(): number {
    return this.info?.partitions.length ?? 0
  }

  get errorCode(): number {
    return this.view.topics.get(this.name)?.errorCode ?? ErrorCode.NONE
  }

  isAvailable(partition: number): boolean {
    if (this.view.leaderOf(this.name, partition) < 0) return false
    return !this.queues[partition]!.isStuck
  }

  waitingBatches(partition: number): number {
    return this.settings.adaptivePartitioning ? this.queues[partition]!.waiting.length : 0
  }
}

export class Accumulator {
  readonly settings: ProducerSettings
  /** Queues that hold batches. */
  readonly active = new Set<PartitionQueue>()
  /** Batches that are not done. */
  readonly incomplete = new Set<ProducerBatch>()
  /** A batch began or became full: the sender should look. */
  hasNews = false
  usedBytes = 0
  private readonly topics = new Map<string, TopicQueues>()
  private readonly entropy: Entropy
  private readonly nowMs: () => number

  constructor(settings: ProducerSettings, entropy: Entropy, nowMs: () => number) {
    this.settings = settings
    this.entropy = entropy
    this.nowMs = nowMs
  }

  topic(name: string, view: ClusterView): TopicQueues {
    let topic = this.topics.get(name)
    if (topic === undefined) {
      topic = new TopicQueues(name, this.settings, this.entropy, view)
      this.topics.set(name, topic)
    }
    topic.see(view)
    return topic
  }

  get allTopics(): IterableIterator<TopicQueues> {
    return this.topics.values()
  }

  topicOf(queue: PartitionQueue): TopicQueues {
    return this.topics.get(queue.topic)!
  }

  /** Whether so many bytes more are within the producer's memory. One record always fits into none. */
  hasMemoryFor(sizeBytes: number): boolean {
    return this.usedBytes === 0 || this.usedBytes + sizeBytes <= this.settings.bufferMemoryBytes
  }

  /** The partition for a record, of a topic whose partitions are known. */
  choosePartition(topic: TopicQueues, key: Uint8Array | null, value: Uint8Array | null): number {
    const { partitioner, ignoresKeys } = this.settings
    const { partitionCount } = topic
    if (partitioner !== null) {
      const chosen = partitioner({ topic: topic.name, key, value, partitionCount })
      if (chosen !== null) return chosen
    }
    if (key !== null && !ignoresKeys) return partitionOfKey(key, partitionCount)
    return topic.sticky.current(topic)
  }

  /** Bytes that a record takes at most; throws when no request could hold it. */
  sizeOf(
    topic: string,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[],
  ): number {
    const sizeBytes = recordBytesMax(key, value, headers)
    if (sizeBytes > this.settings.maxRequestBytes) throw tooLarge(topic, sizeBytes, this.settings)
    return sizeBytes
  }

  /** Adds a record of at most `maxBytes` for one caller (`waiter`) or one of a group. */
  append(
    topic: TopicQueues,
    partition: number,
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[],
    maxBytes: number,
    waiter: SingleSend | null,
    group: SendGroup | null,
  ): PartitionQueue {
    const queue = topic.queues[partition]!
    const batch = this.batchFor(topic, queue, maxBytes)
    const before = batch.uncompressedSizeBytes
    if (waiter !== null) batch.appendSingle(timestamp, key, value, headers, waiter)
    else batch.appendOfGroup(timestamp, key, value, headers, group!)
    const sizeBytes = batch.uncompressedSizeBytes - before
    batch.reservedBytes += sizeBytes
    this.usedBytes += sizeBytes
    const { batchSizeBytes } = this.settings
    if (before < batchSizeBytes && before + sizeBytes >= batchSizeBytes) this.hasNews = true
    topic.isUsed = true
    if (key === null || this.settings.ignoresKeys) topic.sticky.onAppended(sizeBytes, topic)
    return queue
  }

  /** A batch is done, one way or another. */
  release(batch: ProducerBatch): void {
    this.usedBytes -= batch.reservedBytes
    batch.reservedBytes = 0
    this.incomplete.delete(batch)
  }

  /** The pieces of a split batch take its place and share its memory. */
  replace(batch: ProducerBatch, pieces: readonly ProducerBatch[]): void {
    for (const piece of pieces) {
      piece.reservedBytes = piece.uncompressedSizeBytes
      this.usedBytes += piece.reservedBytes
      this.incomplete.add(piece)
    }
    this.release(batch)
  }

  /** Learns how well a batch was compressed. */
  onBuilt(topic: TopicQueues, queue: PartitionQueue, sizeBytes: number, builtBytes: number): void {
    queue.lastBatchBytes = sizeBytes
    if (this.settings.compression === 'none') return
    const seen = builtBytes / sizeBytes
    const smoothed = topic.compressionRatio * 0.9 + seen * 0.1
    topic.compressionRatio = Math.max(COMPRESSION_RATIO_MIN, Math.min(1, Math.max(seen, smoothed)))
  }

  private batchFor(topic: TopicQueues, queue: PartitionQueue, recordBytes: number): ProducerBatch {
    const maxBytes = Math.min(this.settings.maxRequestBytes, queue.maxBatchBytes)
    const { open } = queue
    if (open?.hasRoomFor(recordBytes, maxBytes)) return open
    const batch = new ProducerBatch(
      queue.topic,
      queue.partition,
      this.nowMs(),
      this.builderOptions(topic, queue),
    )
    queue.waiting.push(batch)
    this.active.add(queue)
    this.incomplete.add(batch)
    this.hasNews = true
    return batch
  }

  private builderOptions(topic: TopicQueues, queue: PartitionQueue): BatchBuilderOptions {
    const { compression, compressionLevel, transactionalId } = this.settings
    const guess = queue.lastBatchBytes + (queue.lastBatchBytes >> 3)
    return {
      compression,
      ...(compressionLevel !== null && { compressionLevel }),
      isTransactional: transactionalId !== null,
      compressionRatio: topic.compressionRatio,
      initialBytes: Math.min(BATCH_INITIAL_MAX_BYTES, Math.max(BATCH_INITIAL_MIN_BYTES, guess)),
      // Filled in when it is sent; here so that all options have one shape.
      producerId: -1,
      producerEpoch: -1,
      baseSequence: -1,
    }
  }
}

function tooLarge(topic: string, sizeBytes: number, settings: ProducerSettings): BrokerError {
  return new BrokerError(ErrorCode.MESSAGE_TOO_LARGE, {
    about: topic,
    message: `a record of ${sizeBytes} bytes is larger than maxRequestBytes (${settings.maxRequestBytes})`,
    hint: 'raise maxRequestBytes of the producer and max.message.bytes of the topic, or send less',
  })
}
