/**
 * Where records enter: at once into their batch when the topic is known and memory is free, else they wait
 * in order, for `maxBlockMs` at most.
 */
import { ErrorCode, errorOf, type RecordHeader } from '@barnabas/protocol'
import type { MetadataManager } from '../cluster/metadata-manager.ts'
import type { Outbox, RequestManager } from '../core/request.ts'
import { brokerError, ClientError, TimeoutError } from '../errors.ts'
import type { Accumulator, TopicQueues } from './accumulator.ts'
import type { SendGroup, SingleSend } from './delivery.ts'
import type { PartitionQueue } from './partition-queue.ts'

/** A record as bytes, and whom to tell of it. */
export interface IntakeRecord {
  topic: string
  /** Null to have it chosen. */
  partition: number | null
  timestamp: number
  key: Uint8Array | null
  value: Uint8Array | null
  headers: readonly RecordHeader[]
  sizeBytes: number
  waiter: SingleSend | null
  group: SendGroup | null
}

interface WaitingRecord extends IntakeRecord {
  deadlineMs: number
}

export class Intake implements RequestManager {
  /** Records were put into a batch of the queue. */
  onAppended: (queue: PartitionQueue) => void = () => {}
  /** Somebody begins or ceases to wait for memory. */
  onStarved: (isStarved: boolean) => void = () => {}
  private readonly accumulator: Accumulator
  private readonly metadata: MetadataManager
  private readonly maxBlockMs: number
  private readonly waiting = new Map<string, WaitingRecord[]>()
  private isStarved = false

  constructor(accumulator: Accumulator, metadata: MetadataManager, maxBlockMs: number) {
    this.accumulator = accumulator
    this.metadata = metadata
    this.maxBlockMs = maxBlockMs
  }

  get isWaiting(): boolean {
    return this.waiting.size > 0
  }

  /** Records that wait for metadata or memory. */
  get waitingCount(): number {
    let count = 0
    for (const records of this.waiting.values()) count += records.length
    return count
  }

  /** Whether the record is in a batch; otherwise `wait` is to be called. May throw. */
  tryAppend(
    topicName: string,
    partition: number | null,
    timestamp: number,
    key: Uint8Array | null,
    value: Uint8Array | null,
    headers: readonly RecordHeader[],
    sizeBytes: number,
    waiter: SingleSend | null,
    group: SendGroup | null,
  ): boolean {
    const { accumulator } = this
    if (this.waiting.size > 0 && this.waiting.has(topicName)) return false
    const topic = accumulator.topic(topicName, this.metadata.view)
    const { partitionCount } = topic
    if (partitionCount === 0 || !accumulator.hasMemoryFor(sizeBytes)) return false
    const chosen = partition ?? accumulator.choosePartition(topic, key, value)
    if (!(chosen >= 0 && chosen < partitionCount)) {
      if (partition === null) throw noSuchPartition(topicName, chosen, partitionCount)
      return false
    }
    const queue = accumulator.append(
      topic,
      chosen,
      timestamp,
      key,
      value,
      headers,
      sizeBytes,
      waiter,
      group,
    )
    this.onAppended(queue)
    return true
  }

  wait(record: IntakeRecord, nowMs: number): void {
    const { topic } = record
    this.metadata.touch(topic, nowMs)
    record.group?.begin()
    const entry: WaitingRecord = { ...record, deadlineMs: nowMs + this.maxBlockMs }
    const records = this.waiting.get(topic)
    if (records === undefined) this.waiting.set(topic, [entry])
    else records.push(entry)
  }

  /** Gives up a record that still waits. */
  cancel(waiter: SingleSend, error: Error): void {
    for (const [topic, records] of this.waiting) {
      const at = records.findIndex((record) => record.waiter === waiter)
      if (at < 0) continue
      records.splice(at, 1)
      if (records.length === 0) this.waiting.delete(topic)
      waiter.reject(error)
      return
    }
  }

  failAll(error: ClientError): void {
    for (const [topic, records] of [...this.waiting]) {
      this.waiting.delete(topic)
      for (const record of records) fail(record, error)
    }
  }

  poll(nowMs: number, _outbox: Outbox): number {
    for (const topic of this.accumulator.allTopics) {
      if (!topic.isUsed) continue
      topic.isUsed = false
      this.metadata.touch(topic.name, nowMs)
    }
    let nextMs = Number.POSITIVE_INFINITY
    let isStarved = false
    for (const [name, records] of this.waiting) {
      const topic = this.accumulator.topic(name, this.metadata.view)
      const left = this.admit(topic, records, nowMs)
      if (left.length === 0) {
        this.waiting.delete(name)
        continue
      }
      this.waiting.set(name, left)
      this.metadata.touch(name, nowMs)
      if (topic.partitionCount === 0) this.metadata.requestUpdate()
      else if (left[0]!.partition === null || left[0]!.partition < topic.partitionCount) {
        isStarved = true
      } else this.metadata.requestUpdate()
      nextMs = Math.min(nextMs, left[0]!.deadlineMs)
    }
    if (isStarved !== this.isStarved) {
      this.isStarved = isStarved
      this.onStarved(isStarved)
    }
    return nextMs
  }

  /** Appends from the front as far as possible; returns those that still wait. */
  private admit(topic: TopicQueues, records: WaitingRecord[], nowMs: number): WaitingRecord[] {
    const error = this.topicError(topic)
    const { accumulator } = this
    let at = 0
    for (; at < records.length; at++) {
      const record = records[at]!
      const { key, value, headers, sizeBytes, partition } = record
      if (error !== null) {
        fail(record, error)
        continue
      }
      const { partitionCount } = topic
      const isBlocked =
        partitionCount === 0 ||
        !accumulator.hasMemoryFor(sizeBytes) ||
        (partition !== null && partition >= partitionCount)
      if (!isBlocked) {
        const chosen = partition ?? accumulator.choosePartition(topic, key, value)
        if (!(chosen >= 0 && chosen < partitionCount)) {
          fail(record, noSuchPartition(topic.name, chosen, partitionCount))
          continue
        }
        const { timestamp, waiter, group } = record
        const queue = accumulator.append(
          topic,
          chosen,
          timestamp,
          key,
          value,
          headers,
          sizeBytes,
          waiter,
          group,
        )
        // The group has waited for the record, now it waits for its batch.
        group?.onMoved()
        this.onAppended(queue)
        continue
      }
      if (record.deadlineMs > nowMs) break
      fail(record, this.timedOut(topic, record))
    }
    return at === 0 ? records : records.slice(at)
  }

  private topicError(topic: TopicQueues): ClientError | null {
    const { failure } = this.metadata
    if (failure !== null) return failure
    const { errorCode } = topic
    if (errorCode === ErrorCode.NONE || errorOf(errorCode).retriable) return null
    return brokerError(errorCode, { about: topic.name })
  }

  private timedOut(topic: TopicQueues, record: WaitingRecord): ClientError {
    const { maxBlockMs } = this
    const about = topic.name
    if (topic.partitionCount === 0) {
      const cause = topic.errorCode === ErrorCode.NONE ? undefined : brokerError(topic.errorCode)
      return new TimeoutError(`the topic was not found within ${maxBlockMs} ms`, {
        about,
        cause,
        hint: 'create it first, or check its name and whether a broker can be reached',
      })
    }
    if (record.partition !== null && record.partition >= topic.partitionCount) {
      return noSuchPartition(about, record.partition, topic.partitionCount)
    }
    return new ClientError(
      'BARNABAS_BUFFER_FULL',
      `no memory became free within ${maxBlockMs} ms: ${this.accumulator.usedBytes} bytes wait to be acknowledged`,
      { about, retriable: true, hint: 'send slower, or raise bufferMemoryBytes' },
    )
  }
}

function fail(record: WaitingRecord, error: ClientError): void {
  const { waiter, group, topic, partition } = record
  if (waiter !== null) waiter.reject(error)
  else group!.onFailed(topic, partition ?? -1, 1, error)
}

function noSuchPartition(topic: string, partition: number, count: number): ClientError {
  return brokerError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, {
    about: topic,
    message: `there is no partition ${partition}, only ${count}`,
    hint: 'partitions are counted from 0',
  })
}
