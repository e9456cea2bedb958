/**
 * Sends batches: decides which are due, puts those of one broker together into requests, and acts on the
 * answers. A request holds at most one batch of each partition, several requests may be under way.
 *
 * Order within a partition: batches leave in order. An idempotent producer keeps it through retries by its
 * sequences; of batches that are tried again only the first of its partition is under way at a time. Without
 * idempotence a retry may overtake, unless one request at a time is allowed.
 */
import type { Entropy } from '@barnabas/base'
import {
  createProduceRequestPartitionProduceData,
  createProduceRequestTopicProduceData,
  ErrorCode,
  errorOf,
  ProduceRequest,
  type ProduceRequestTopicProduceData,
  ProduceResponse,
  type ProduceResponsePartitionProduceResponse,
} from '@barnabas/protocol'
import type { LeaderHint } from '../cluster/cluster-view.ts'
import type { MetadataManager } from '../cluster/metadata-manager.ts'
import { type BackoffSettings, backoffMs } from '../core/backoff.ts'
import type { Lane } from '../core/lane.ts'
import type { AnswerContext, Outbox, RequestManager } from '../core/request.ts'
import { brokerError, type ClientError, StateError, TimeoutError } from '../errors.ts'
import { PRODUCE_OVERHEAD_BYTES } from '../limits.ts'
import type { Accumulator } from './accumulator.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { ProducerBatch } from './producer-batch.ts'
import type { ProducerIdentity } from './producer-identity.ts'
import { isFatalForProduce } from './transaction-errors.ts'
import type { TransactionManager } from './transaction-manager.ts'

export interface SenderParts {
  accumulator: Accumulator
  identity: ProducerIdentity
  transactions: TransactionManager
  metadata: MetadataManager
  lane: Lane
  entropy: Entropy
  retryBackoff: BackoffSettings
  /** Memory has become free, or a batch is done. */
  onProgress(): void
  onBatchDone?(batch: ProducerBatch, error: ClientError | null): void
}

/** A batch on its way, with the queue it came from. */
interface Sent {
  queue: PartitionQueue
  batch: ProducerBatch
}

export class Sender implements RequestManager {
  /** Batches are due without lingering while somebody waits for them. */
  flushes = 0
  /** Somebody waits for memory. */
  isStarved = false
  private readonly parts: SenderParts
  private readonly inFlightByNode = new Map<number, number>()
  private firstNode = 0

  constructor(parts: SenderParts) {
    this.parts = parts
  }

  poll(nowMs: number, outbox: Outbox): number {
    const { accumulator, transactions } = this.parts
    accumulator.hasNews = false
    if (accumulator.active.size === 0) return Number.POSITIVE_INFINITY
    let nextMs = this.expire(nowMs)
    if (this.usesIdentity) {
      transactions.want()
      if (transactions.state === 'fatal') {
        this.failAll(transactions.error!)
        return Number.POSITIVE_INFINITY
      }
      if (!transactions.canSend) return nextMs
      if (transactions.state === 'abortable') this.dropUnsent(transactions.error!)
      if (transactions.state === 'aborting') this.dropUnsent(aborted())
    }
    const byNode = new Map<number, PartitionQueue[]>()
    for (const queue of accumulator.active) {
      nextMs = Math.min(nextMs, this.consider(queue, nowMs, byNode))
    }
    this.sendTo(byNode, nowMs, outbox)
    return nextMs
  }

  /** Fails what was not sent yet; what is under way is awaited. */
  dropUnsent(error: ClientError): void {
    for (const queue of [...this.parts.accumulator.active]) {
      for (const batch of [...queue.waiting]) {
        if (!queue.tracked.includes(batch)) this.finish(queue, batch, error)
      }
    }
  }

  /** Fails everything. */
  failAll(error: ClientError): void {
    for (const queue of [...this.parts.accumulator.active]) {
      for (const batch of [...queue.waiting]) this.finish(queue, batch, error)
    }
  }

  /** Tells those who wait for what is under way; the answers do not matter any more. */
  failInFlight(error: ClientError): void {
    for (const batch of [...this.parts.accumulator.incomplete]) {
      batch.fail(error)
      this.parts.accumulator.release(batch)
    }
  }

  private get usesIdentity(): boolean {
    return this.parts.accumulator.settings.idempotent
  }

  /** Puts the queue to those of its leader when something of it is due; returns when to look again. */
  private consider(
    queue: PartitionQueue,
    nowMs: number,
    byNode: Map<number, PartitionQueue[]>,
  ): number {
    const { metadata } = this.parts
    if (queue.needsRewrite && queue.inFlight === 0) this.rewrite(queue)
    const batch = this.sendable(queue)
    if (batch === null) return Number.POSITIVE_INFINITY
    if (batch.retryAtMs > nowMs) return batch.retryAtMs
    const node = metadata.view.leaderOf(queue.topic, queue.partition)
    if (node < 0) {
      metadata.requestUpdate()
      return Number.POSITIVE_INFINITY
    }
    const dueMs = this.dueMs(queue, batch, node)
    if (dueMs > nowMs) return dueMs
    const queues = byNode.get(node)
    if (queues === undefined) byNode.set(node, [queue])
    else queues.push(queue)
    return Number.POSITIVE_INFINITY
  }

  /** The first batch, if nothing before it must be answered first. */
  private sendable(queue: PartitionQueue): ProducerBatch | null {
    const [batch] = queue.waiting
    if (batch === undefined || queue.needsRewrite) return null
    if (!this.usesIdentity) return batch
    if (batch.hasSequence) return queue.tracked[0] === batch ? batch : null
    const { identity, transactions } = this.parts
    if (queue.isUnresolved && (queue.tracked.length > 0 || identity.isCurrent(queue))) return null
    if (!queue.isEstablished && queue.tracked.length > 0) return null
    // Batches that are to be tried again come first, one after the other.
    if (queue.tracked.some((other) => other.attempts > 1 || other.retryAtMs > 0)) return null
    if (!transactions.isTransactional) return batch
    return transactions.isEnlisted(queue.topic, queue.partition) ? batch : null
  }

  private dueMs(queue: PartitionQueue, batch: ProducerBatch, node: number): number {
    const { settings } = this.parts.accumulator
    if (queue.waiting.length > 1 || !batch.isOpen || this.flushes > 0 || this.isStarved) return 0
    if (batch.uncompressedSizeBytes >= settings.batchSizeBytes) return 0
    if (!settings.lingerWhenIdle && (this.inFlightByNode.get(node) ?? 0) === 0) return 0
    return batch.createdMs + settings.lingerMs
  }

  private sendTo(byNode: Map<number, PartitionQueue[]>, nowMs: number, outbox: Outbox): void {
    for (const [node, queues] of byNode) {
      // Each time another partition comes first, so that none starves when requests are full.
      const from = this.firstNode++ % queues.length
      const ordered = from === 0 ? queues : [...queues.slice(from), ...queues.slice(0, from)]
      while (outbox.isReady(node, this.parts.lane)) {
        const sent = this.take(ordered, nowMs)
        if (sent.length === 0) break
        this.send(node, sent, outbox)
      }
      this.noteStuck(queues, nowMs)
    }
  }

  /** One batch of each queue, as many as fit into a request. */
  private take(queues: readonly PartitionQueue[], nowMs: number): Sent[] {
    const { accumulator, identity } = this.parts
    const maxBytes = accumulator.settings.maxRequestBytes
    const sent: Sent[] = []
    let sizeBytes = PRODUCE_OVERHEAD_BYTES
    for (const queue of queues) {
      const batch = this.sendable(queue)
      if (batch === null || batch.retryAtMs > nowMs) continue
      if (sent.length > 0 && sizeBytes + batch.estimatedSizeBytes > maxBytes) continue
      queue.waiting.shift()
      if (this.usesIdentity && !batch.hasSequence) identity.assign(queue, batch)
      const uncompressedBytes = batch.uncompressedSizeBytes
      const wasOpen = batch.isOpen
      const builtBytes = batch.build().sizeBytes
      if (wasOpen) {
        accumulator.onBuilt(accumulator.topicOf(queue), queue, uncompressedBytes, builtBytes)
      }
      batch.attempts++
      batch.isInFlight = true
      queue.inFlight++
      queue.stuckSinceMs = 0
      queue.isStuck = false
      sizeBytes += builtBytes
      sent.push({ queue, batch })
    }
    return sent
  }

  private noteStuck(queues: readonly PartitionQueue[], nowMs: number): void {
    const timeoutMs = this.parts.accumulator.settings.partitionAvailabilityTimeoutMs
    if (timeoutMs === 0) return
    for (const queue of queues) {
      if (queue.waiting.length === 0) continue
      if (queue.stuckSinceMs === 0) queue.stuckSinceMs = nowMs
      queue.isStuck = nowMs - queue.stuckSinceMs >= timeoutMs
    }
  }

  private send(node: number, sent: readonly Sent[], outbox: Outbox): void {
    const { accumulator, lane, transactions } = this.parts
    const { settings } = accumulator
    this.inFlightByNode.set(node, (this.inFlightByNode.get(node) ?? 0) + 1)
    const isAnswered = settings.acks !== 0
    outbox.send({
      request: ProduceRequest,
      response: ProduceResponse,
      target: node,
      lane,
      timeoutMs: settings.requestTimeoutMs,
      isAnswered,
      minVersion: settings.compression === 'zstd' ? 7 : 3,
      // From version 12 on a transactional batch enlists its partition by itself.
      ...(transactions.isTransactional && !transactions.isProtocol2 && { maxVersion: 11 }),
      build: (version) =>
        ProduceRequest.create({
          transactionalId: settings.transactionalId,
          acks: settings.acks,
          timeoutMs: settings.requestTimeoutMs,
          topicData: this.topicData(sent, version),
        }),
      onAnswer: (answer: ProduceResponse, context) => this.onAnswer(node, sent, answer, context),
      onSent: () => this.onSent(node, sent),
      onFailure: (error, { nowMs }) => this.onFailure(node, sent, error, nowMs),
    })
  }

  private topicData(sent: readonly Sent[], version: number): ProduceRequestTopicProduceData[] {
    const { view } = this.parts.metadata
    const topics = new Map<string, ProduceRequestTopicProduceData>()
    for (const { queue, batch } of sent) {
      let topic = topics.get(queue.topic)
      if (topic === undefined) {
        topic = createProduceRequestTopicProduceData(
          version >= 13 ? { topicId: view.topicId(queue.topic) } : { name: queue.topic },
        )
        topics.set(queue.topic, topic)
      }
      topic.partitionData.push(
        createProduceRequestPartitionProduceData({
          index: queue.partition,
          records: batch.build().bytes,
        }),
      )
    }
    return [...topics.values()]
  }

  private onSent(node: number, sent: readonly Sent[]): void {
    this.requestDone(node, sent)
    for (const { queue, batch } of sent) this.succeed(queue, batch, -1, -1)
    this.parts.onProgress()
  }

  private onFailure(node: number, sent: readonly Sent[], error: ClientError, nowMs: number): void {
    this.requestDone(node, sent)
    this.parts.metadata.requestUpdate()
    for (const { queue, batch } of sent) this.onError(queue, batch, error, -1, nowMs)
    this.parts.onProgress()
  }

  private onAnswer(
    node: number,
    sent: readonly Sent[],
    answer: ProduceResponse,
    context: AnswerContext,
  ): void {
    this.requestDone(node, sent)
    const { view } = this.parts.metadata
    const results = new Map<string, ProduceResponsePartitionProduceResponse>()
    for (const topic of answer.responses) {
      const name = context.version >= 13 ? view.topicName(topic.topicId) : topic.name
      for (const result of topic.partitionResponses) results.set(`${name}/${result.index}`, result)
    }
    this.learnLeaders(sent, results, answer)
    for (const { queue, batch } of sent) {
      const result = results.get(`${queue.topic}/${queue.partition}`)
      this.onResult(queue, batch, result, context)
    }
    this.parts.onProgress()
  }

  private requestDone(node: number, sent: readonly Sent[]): void {
    this.inFlightByNode.set(node, (this.inFlightByNode.get(node) ?? 1) - 1)
    for (const { queue, batch } of sent) {
      queue.inFlight--
      batch.isInFlight = false
    }
  }

  private learnLeaders(
    sent: readonly Sent[],
    results: ReadonlyMap<string, ProduceResponsePartitionProduceResponse>,
    answer: ProduceResponse,
  ): void {
    const hints: LeaderHint[] = []
    for (const { queue } of sent) {
      const leader = results.get(`${queue.topic}/${queue.partition}`)?.currentLeader
      if (leader === undefined || leader.leaderId < 0) continue
      const { leaderId, leaderEpoch } = leader
      hints.push({ topic: queue.topic, partition: queue.partition, leader: leaderId, leaderEpoch })
    }
    if (hints.length === 0) return
    const nodes = answer.nodeEndpoints.map(({ nodeId: id, host, port, rack }) => {
      return { id, host, port, rack }
    })
    this.parts.metadata.learnLeaders(hints, nodes)
  }

  private onResult(
    queue: PartitionQueue,
    batch: ProducerBatch,
    result: ProduceResponsePartitionProduceResponse | undefined,
    context: AnswerContext,
  ): void {
    // A topic that is not named any more was deleted and created again meanwhile.
    const errorCode = result?.errorCode ?? ErrorCode.UNKNOWN_TOPIC_ID
    if (errorCode === ErrorCode.NONE) {
      this.succeed(queue, batch, result!.baseOffset, result!.logAppendTimeMs)
      return
    }
    // The broker has it already: a retry whose first try had come through.
    if (errorCode === ErrorCode.DUPLICATE_SEQUENCE_NUMBER) {
      this.succeed(queue, batch, -1, -1)
      return
    }
    if (errorCode === ErrorCode.MESSAGE_TOO_LARGE && batch.recordCount > 1) {
      this.split(queue, batch)
      return
    }
    const about = `${queue.topic}-${queue.partition}`
    const message = messageOf(result)
    const error = brokerError(errorCode, { broker: context.broker, about, message })
    this.onError(queue, batch, error, errorCode, context.nowMs)
  }

  /** `errorCode` is -1 when no answer came. */
  private onError(
    queue: PartitionQueue,
    batch: ProducerBatch,
    error: ClientError,
    errorCode: number,
    nowMs: number,
  ): void {
    batch.lastError = error
    if (mayBeAppended(errorCode)) batch.isUnresolved = true
    if (batch.isDone) {
      this.untrack(queue, batch)
      return
    }
    if (errorCode >= 0 && errorOf(errorCode).invalidMetadata) this.parts.metadata.requestUpdate()
    if (this.mayRetry(queue, batch, error, errorCode, nowMs)) {
      const { retryBackoff, entropy } = this.parts
      batch.retryAtMs = nowMs + backoffMs(retryBackoff, batch.attempts, entropy)
      queue.putBack(batch)
      return
    }
    this.finish(queue, batch, error)
  }

  private mayRetry(
    queue: PartitionQueue,
    batch: ProducerBatch,
    error: ClientError,
    errorCode: number,
    nowMs: number,
  ): boolean {
    const { settings } = this.parts.accumulator
    if (batch.attempts > settings.retries) return false
    if (nowMs >= batch.createdMs + settings.deliveryTimeoutMs) return false
    if (error.retriable) return true
    if (!this.usesIdentity || !isSequenceTrouble(errorCode)) return false
    // One before it failed and will be sent again, or the gap was closed meanwhile.
    const isFirst = queue.tracked[0] === batch
    if (errorCode === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER && !isFirst) return true
    if (this.parts.transactions.isTransactional) return false
    queue.needsRewrite = true
    return true
  }

  private rewrite(queue: PartitionQueue): void {
    const { identity, transactions } = this.parts
    // Others may have raised the epoch since.
    if (identity.isCurrent(queue) && !identity.bump()) {
      transactions.renew()
      return
    }
    if (identity.isKnown) identity.rewrite(queue)
  }

  private succeed(
    queue: PartitionQueue,
    batch: ProducerBatch,
    baseOffset: number,
    logAppendTimeMs: number,
  ): void {
    queue.isEstablished = true
    this.untrack(queue, batch)
    const wasDone = batch.isDone
    batch.succeed(baseOffset, logAppendTimeMs)
    if (!wasDone) this.parts.onBatchDone?.(batch, null)
    this.parts.accumulator.release(batch)
    this.leave(queue)
  }

  /** The batch has failed for good. */
  private finish(queue: PartitionQueue, batch: ProducerBatch, error: ClientError): void {
    const { accumulator, transactions } = this.parts
    const at = queue.waiting.indexOf(batch)
    if (at >= 0) queue.waiting.splice(at, 1)
    // As long as it is in flight it stays tracked: no other may take its sequence.
    const { isInFlight } = batch
    if (this.usesIdentity && batch.hasSequence) this.skipSequence(queue, batch)
    if (transactions.isTransactional) {
      const isFatal = 'errorCode' in error && isFatalForProduce(error.errorCode as number)
      transactions.onRecordsFailed(error, isFatal)
    }
    this.parts.onBatchDone?.(batch, error)
    batch.fail(error)
    if (!isInFlight) this.untrack(queue, batch)
    accumulator.release(batch)
    this.leave(queue)
  }

  /** What becomes of the sequences after a batch that was given up. */
  private skipSequence(queue: PartitionQueue, batch: ProducerBatch): void {
    const { identity, transactions } = this.parts
    if (batch.isUnresolved || batch.isInFlight) {
      queue.isUnresolved = true
      transactions.onUnresolved()
    } else identity.closeGap(queue, batch)
  }

  private untrack(queue: PartitionQueue, batch: ProducerBatch): void {
    queue.untrack(batch)
    if (!queue.isUnresolved || queue.tracked.length > 0) return
    const { identity, transactions } = this.parts
    // In a transaction the coordinator raises the epoch, when it ends.
    if (transactions.isTransactional) return
    if (identity.isCurrent(queue) && !identity.bump()) transactions.renew()
    queue.isUnresolved = false
  }

  private leave(queue: PartitionQueue): void {
    if (queue.isEmpty) this.parts.accumulator.active.delete(queue)
  }

  private split(queue: PartitionQueue, batch: ProducerBatch): void {
    const { accumulator } = this.parts
    const half = batch.build().sizeBytes / 2
    queue.maxBatchBytes = half
    const { hasSequence, producerId, producerEpoch } = batch
    let sequence = batch.baseSequence
    const pieces = batch.split(queue.maxBatchBytes)
    accumulator.replace(batch, pieces)
    const place = queue.tracked.indexOf(batch)
    if (hasSequence && place >= 0) queue.tracked.splice(place, 1, ...pieces)
    for (const piece of pieces) {
      if (!hasSequence) continue
      piece.stamp(producerId, producerEpoch, sequence)
      sequence = (sequence + piece.recordCount) & 0x7fffffff
      piece.attempts = 1
    }
    if (hasSequence) for (const piece of pieces) queue.putBack(piece)
    else queue.waiting.unshift(...pieces)
    accumulator.active.add(queue)
  }

  /** Fails what has taken too long; returns when the next one will have. */
  private expire(nowMs: number): number {
    const { accumulator } = this.parts
    const { deliveryTimeoutMs } = accumulator.settings
    let nextMs = Number.POSITIVE_INFINITY
    for (const batch of accumulator.incomplete) {
      const deadlineMs = batch.createdMs + deliveryTimeoutMs
      if (deadlineMs > nowMs) {
        // They stand in the order of their beginning.
        nextMs = deadlineMs
        break
      }
      const queue = accumulator.topic(batch.topic, this.parts.metadata.view).queues[
        batch.partition
      ]!
      this.finish(queue, batch, this.expired(batch, deliveryTimeoutMs))
      this.parts.onProgress()
    }
    return nextMs
  }

  private expired(batch: ProducerBatch, timeoutMs: number): TimeoutError {
    const about = `${batch.topic}-${batch.partition}`
    const cause = batch.lastError
    const why = cause === null ? '' : `; the last try failed: ${cause.message}`
    const what = `${batch.recordCount} records were not acknowledged within ${timeoutMs} ms${why}`
    return new TimeoutError(what, { about, cause })
  }
}

/** What the records of an aborted transaction end with that were not sent yet. */
function aborted(): StateError {
  return new StateError('the transaction was aborted before the records were sent')
}

/** Whether the records may stand in the log although there was an error. -1: no answer came. */
function mayBeAppended(errorCode: number): boolean {
  return (
    errorCode < 0 ||
    errorCode === ErrorCode.REQUEST_TIMED_OUT ||
    errorCode === ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND
  )
}

function isSequenceTrouble(errorCode: number): boolean {
  return (
    errorCode === ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER ||
    errorCode === ErrorCode.UNKNOWN_PRODUCER_ID ||
    errorCode === ErrorCode.INVALID_PRODUCER_EPOCH
  )
}

/** What the broker said, with the reasons of single records. */
function messageOf(result: ProduceResponsePartitionProduceResponse | undefined): string | null {
  if (result === undefined) return null
  const reasons = result.recordErrors
    .filter((error) => error.batchIndexErrorMessage !== null)
    .slice(0, 3)
    .map((error) => `record ${error.batchIndex}: ${error.batchIndexErrorMessage}`)
  if (reasons.length === 0) return result.errorMessage
  return [result.errorMessage, ...reasons].filter((text) => text !== null).join('; ')
}
