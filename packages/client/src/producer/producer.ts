/** Sends records. Calls return as soon as the record is in its batch; their promises tell the rest. */
import { abortReason, asClientError, ClosedError, ConfigError, StateError } from '../errors.ts'
import type { ClientLoop } from '../core/client-loop.ts'
import type { CallOptions } from '../core/caller.ts'
import { Lane } from '../core/lane.ts'
import { channels } from '../diagnostics.ts'
import { type HeadersInit, headerList, NO_HEADERS } from '../serialization/headers.ts'
import { type BytesLike, bytesOf, type Serializer } from '../serialization/serializers.ts'
import { Accumulator } from './accumulator.ts'
import { type RecordMetadata, SendGroup, type SendResult, type SingleSend } from './delivery.ts'
import { Intake } from './intake.ts'
import type { PartitionQueue } from './partition-queue.ts'
import type { ProducerBatch } from './producer-batch.ts'
import { ProducerIdentity } from './producer-identity.ts'
import {
  type ProducerOptions,
  type ProducerSettings,
  producerSettings,
} from './producer-options.ts'
import { Sender } from './sender.ts'
import {
  type GroupIdentity,
  type OffsetToCommit,
  TransactionManager,
} from './transaction-manager.ts'

export interface ProducerRecord<K = BytesLike, V = BytesLike> {
  topic: string
  key?: K | null
  /** Null is a tombstone. */
  value: V | null
  headers?: HeadersInit
  /** Chosen by the key, or by the producer, when absent. */
  partition?: number
  /** Milliseconds; now when absent. */
  timestamp?: number
}

export interface SendOptions {
  /** Gives up a record that still waits for metadata or memory. */
  signal?: AbortSignal
}

/** What a transaction's function works with. */
export interface Transaction<K = BytesLike, V = BytesLike> {
  send(record: ProducerRecord<K, V>, options?: SendOptions): Promise<RecordMetadata>
  sendMany(records: Iterable<ProducerRecord<K, V>>): Promise<SendResult>
  /** Commits offsets of a group together with the records. */
  sendOffsets(
    group: GroupIdentity | { groupMetadata(): GroupIdentity },
    offsets: readonly OffsetToCommit[],
    options?: CallOptions,
  ): Promise<void>
}

let producers = 0

export class Producer<K = BytesLike, V = BytesLike> implements Transaction<K, V>, AsyncDisposable {
  private readonly loop: ClientLoop
  private readonly settings: ProducerSettings
  private readonly options: ProducerOptions<K, V>
  private readonly keySerializer: Serializer<K>
  private readonly valueSerializer: Serializer<V>
  private readonly accumulator: Accumulator
  private readonly intake: Intake
  private readonly transactions: TransactionManager
  private readonly sender: Sender
  private readonly produceLane: Lane
  private readonly controlLane: Lane
  private readonly onClosed: () => void
  private closing: Promise<void> | null = null
  /** Serialisers that answer later keep later records behind them. */
  private serializing: Promise<unknown> | null = null

  /** @internal Use `client.producer()`. */
  constructor(loop: ClientLoop, options: ProducerOptions<K, V>, onClosed: () => void) {
    const name = `producer-${++producers}`
    const { world, metadata, settings: clientSettings } = loop
    this.loop = loop
    this.options = options
    this.onClosed = onClosed
    this.settings = producerSettings(
      options as ProducerOptions<never, never>,
      clientSettings.requestTimeoutMs,
    )
    this.keySerializer = options.keySerializer ?? (bytesOf as Serializer<unknown>)
    this.valueSerializer = options.valueSerializer ?? (bytesOf as Serializer<unknown>)
    this.produceLane = new Lane(name, this.settings.maxInFlight)
    this.controlLane = new Lane(`${name} control`)
    const { entropy } = world
    const { retryBackoff } = clientSettings
    this.accumulator = new Accumulator(this.settings, entropy, () => loop.nowMs)
    this.intake = new Intake(this.accumulator, metadata, this.settings.maxBlockMs)
    const identity = new ProducerIdentity()
    this.transactions = new TransactionManager(
      { ...this.settings, retryBackoff },
      identity,
      this.controlLane,
      entropy,
    )
    this.sender = new Sender({
      accumulator: this.accumulator,
      identity,
      transactions: this.transactions,
      metadata,
      lane: this.produceLane,
      entropy,
      retryBackoff,
      onProgress: () => loop.wake(),
      onBatchDone: (batch, error) => this.publish(batch, error),
    })
    this.connectParts()
  }

  /** Sends one record. */
  send(record: ProducerRecord<K, V>, options?: SendOptions): Promise<RecordMetadata> {
    return new Promise((resolve, reject) => {
      this.add(record, { resolve, reject }, null, options?.signal)
    })
  }

  /**
   * Sends many records; one promise for all of them, which rejects with a `SendError` that names both
   * when some fail.
   */
  sendMany(records: Iterable<ProducerRecord<K, V>>): Promise<SendResult> {
    const group = new SendGroup()
    for (const record of records) this.add(record, null, group, undefined)
    group.seal()
    return group.promise
  }

  /** Sends what lingers, and resolves when all records sent before are done, well or not. */
  async flush(options: CallOptions = {}): Promise<void> {
    if (this.serializing !== null) await this.serializing
    let before: ProducerBatch[] | null = null
    const { settings } = this
    const timeoutMs = options.timeoutMs ?? settings.deliveryTimeoutMs + settings.maxBlockMs
    this.sender.flushes++
    try {
      const condition = () => {
        if (this.intake.isWaiting) return false
        before ??= [...this.accumulator.incomplete]
        while (before.length > 0 && before[before.length - 1]!.isDone) before.pop()
        return before.length === 0
      }
      await this.loop.waitFor(condition, { timeoutMs, signal: options.signal, what: 'flush' })
    } finally {
      this.sender.flushes--
    }
  }

  /** How many partitions the topic has. */
  async partitionCount(topic: string, options: CallOptions = {}): Promise<number> {
    const { metadata, settings } = this.loop
    const condition = () => {
      metadata.touch(topic, this.loop.nowMs)
      if (metadata.failure !== null) throw metadata.failure
      if (metadata.view.topic(topic) !== null) return true
      metadata.requestUpdate()
      return false
    }
    const timeoutMs = options.timeoutMs ?? settings.apiTimeoutMs
    const what = `finding the topic ${topic}`
    await this.loop.waitFor(condition, { timeoutMs, signal: options.signal, what })
    return metadata.view.topic(topic)!.partitions.length
  }

  /** Records and bytes that are not acknowledged yet, and records that wait to be taken. */
  get backlog(): { bytes: number; batches: number; waiting: number } {
    const { usedBytes, incomplete } = this.accumulator
    return { bytes: usedBytes, batches: incomplete.size, waiting: this.intake.waitingCount }
  }

  /**
   * Runs `work` within a transaction: committed when it resolves, aborted when it rejects. Records and
   * offsets become visible together or not at all.
   */
  async transaction<R>(
    work: (transaction: Transaction<K, V>) => Promise<R>,
    options: CallOptions = {},
  ): Promise<R> {
    await this.begin(options)
    let result: R
    try {
      result = await work(this)
    } catch (error) {
      await this.abortAfter(error, options)
      throw error
    }
    try {
      await this.commit(options)
    } catch (error) {
      await this.abortAfter(error, options)
      throw error
    }
    return result
  }

  /** Begins a transaction; the first time it also fences earlier producers of the same id. */
  async begin(options: CallOptions = {}): Promise<void> {
    this.checkOpen()
    const { transactions } = this
    if (!transactions.isTransactional) {
      throw new ConfigError('transactions need the option transactionalId')
    }
    transactions.want()
    await this.waitForTransaction(() => transactions.state !== 'noId', 'begin', options)
    transactions.begin()
  }

  async sendOffsets(
    group: GroupIdentity | { groupMetadata(): GroupIdentity },
    offsets: readonly OffsetToCommit[],
    options: CallOptions = {},
  ): Promise<void> {
    this.checkOpen()
    const identity = 'groupMetadata' in group ? group.groupMetadata() : group
    if (offsets.length === 0) return
    const isDone = this.transactions.addOffsets(identity, [...offsets])
    await this.waitForTransaction(isDone, 'sendOffsets', options)
  }

  async commit(options: CallOptions = {}): Promise<void> {
    if (this.serializing !== null) await this.serializing
    const { transactions } = this
    transactions.beginCommit()
    await this.endTransaction('commit', options)
  }

  async abort(options: CallOptions = {}): Promise<void> {
    this.transactions.beginAbort()
    this.intake.failAll(new StateError('the transaction was aborted'))
    await this.endTransaction('abort', options)
  }

  /** Sends what is left, for at most `timeoutMs`; what is not acknowledged by then fails. */
  close(options: { timeoutMs?: number } = {}): Promise<void> {
    this.closing ??= this.closeOnce(options.timeoutMs ?? this.settings.deliveryTimeoutMs)
    return this.closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private connectParts(): void {
    const { loop, intake, transactions, sender, accumulator } = this
    transactions.hasIncomplete = () => accumulator.incomplete.size > 0 || intake.isWaiting
    transactions.onWanted = () => loop.wake()
    transactions.onRetry = (what, error, failures, waitMs) =>
      loop.noteRetry(what, error, failures, waitMs)
    intake.onStarved = (isStarved) => {
      sender.isStarved = isStarved
    }
    if (transactions.isTransactional) intake.onAppended = (queue) => this.enlist(queue)
    loop.add(intake)
    loop.add(transactions)
    loop.add(sender)
  }

  private enlist(queue: PartitionQueue): void {
    const { transactions } = this
    if (queue.transaction === transactions.transaction) return
    queue.transaction = transactions.transaction
    transactions.enlist(queue.topic, queue.partition)
  }

  private add(
    record: ProducerRecord<K, V>,
    waiter: SingleSend | null,
    group: SendGroup | null,
    signal: AbortSignal | undefined,
  ): void {
    try {
      this.checkOpen()
      this.transactions.checkCanAppend()
      if (signal?.aborted) throw abortReason(signal)
      const { interceptors } = this.options
      const given =
        interceptors === undefined ? record : (intercept(record, interceptors) as typeof record)
      const told = interceptors === undefined ? waiter : tellAll(waiter, interceptors)
      const { topic, key, value } = given
      const keyBytes =
        key === undefined || key === null ? null : this.keySerializer(key, { topic, part: 'key' })
      const valueBytes =
        value === undefined || value === null
          ? null
          : this.valueSerializer(value, { topic, part: 'value' })
      if (
        keyBytes instanceof Promise ||
        valueBytes instanceof Promise ||
        this.serializing !== null
      ) {
        this.addLater(given, keyBytes, valueBytes, told, group, signal)
      } else this.addBytes(given, keyBytes, valueBytes, told, group, signal)
    } catch (error) {
      refuse(record, waiter, group, error)
    }
  }

  private addBytes(
    record: ProducerRecord<K, V>,
    key: Uint8Array | null,
    value: Uint8Array | null,
    waiter: SingleSend | null,
    group: SendGroup | null,
    signal: AbortSignal | undefined,
  ): void {
    const { accumulator, intake, loop } = this
    const { topic, partition = null } = record
    const headers = record.headers === undefined ? NO_HEADERS : headerList(record.headers)
    const timestamp = record.timestamp ?? loop.world.clock.nowMs()
    const sizeBytes = accumulator.sizeOf(topic, key, value, headers)
    const isTaken = intake.tryAppend(
      topic,
      partition,
      timestamp,
      key,
      value,
      headers,
      sizeBytes,
      waiter,
      group,
    )
    if (!isTaken) {
      const entry = { topic, partition, timestamp, key, value, headers, sizeBytes, waiter, group }
      intake.wait(entry, loop.nowMs)
      if (waiter !== null && signal !== undefined) {
        const onAbort = () => intake.cancel(waiter, abortReason(signal))
        signal.addEventListener('abort', onAbort, { once: true })
      }
      loop.wake()
    } else if (accumulator.hasNews) loop.wake()
  }

  /** In order behind others whose bytes are not there yet. */
  private addLater(
    record: ProducerRecord<K, V>,
    key: Uint8Array | null | Promise<Uint8Array | null>,
    value: Uint8Array | null | Promise<Uint8Array | null>,
    waiter: SingleSend | null,
    group: SendGroup | null,
    signal: AbortSignal | undefined,
  ): void {
    group?.begin()
    const both = Promise.all([key, value])
    const turn = (this.serializing ?? Promise.resolve())
      .then(() => both)
      .then(([keyBytes, valueBytes]) => {
        this.addBytes(record, keyBytes, valueBytes, waiter, group, signal)
        group?.onMoved()
      })
      .catch((error) => {
        if (waiter !== null) waiter.reject(asClientError(error))
        else group!.onFailed(record.topic, record.partition ?? -1, 1, asClientError(error))
      })
      .then(() => {
        if (this.serializing === turn) this.serializing = null
      })
    both.catch(() => {})
    this.serializing = turn
  }

  private async endTransaction(what: string, options: CallOptions): Promise<void> {
    const { transactions } = this
    this.sender.flushes++
    try {
      await this.waitForTransaction(() => transactions.state === 'ready', what, options)
    } finally {
      this.sender.flushes--
    }
  }

  private async abortAfter(cause: unknown, options: CallOptions): Promise<void> {
    const { transactions } = this
    if (transactions.state === 'fatal' || transactions.state === 'ready') return
    try {
      await this.abort(options)
    } catch (error) {
      this.loop.world.log.warn('a transaction could not be aborted', { error, cause })
    }
  }

  private waitForTransaction(
    isDone: () => boolean,
    what: string,
    options: CallOptions,
  ): Promise<void> {
    const { transactions, loop } = this
    const condition = () => {
      if (isDone()) return true
      transactions.throwIfFailed()
      if (this.closing !== null) throw new ClosedError('producer')
      if (loop.metadata.failure !== null) throw loop.metadata.failure
      return false
    }
    const timeoutMs = options.timeoutMs ?? loop.settings.apiTimeoutMs
    return loop.waitFor(condition, { timeoutMs, signal: options.signal, what: `${what}()` })
  }

  private async closeOnce(timeoutMs: number): Promise<void> {
    const { loop, intake, sender, transactions } = this
    try {
      if (timeoutMs > 0 && !loop.isClosed) {
        if (transactions.isTransactional && transactions.state === 'inTransaction') {
          transactions.beginAbort()
          const isDone = () => transactions.state === 'ready' || transactions.state === 'fatal'
          await loop.waitFor(isDone, { timeoutMs, what: 'aborting the transaction' })
        } else await this.flush({ timeoutMs })
      }
    } catch (error) {
      loop.world.log.debug('a producer closed with records that were not sent', { error })
    } finally {
      const error = new ClosedError('producer')
      intake.failAll(error)
      sender.failAll(error)
      sender.failInFlight(error)
      for (const manager of [intake, transactions, sender]) loop.remove(manager)
      loop.closeLane(this.produceLane)
      loop.closeLane(this.controlLane)
      this.onClosed()
    }
  }

  private checkOpen(): void {
    if (this.closing !== null || this.loop.isClosed) throw new ClosedError('producer')
  }

  private publish(batch: ProducerBatch, error: Error | null): void {
    if (!channels.produce.hasSubscribers) return
    const { topic, partition, recordCount: records, estimatedSizeBytes: sizeBytes } = batch
    const { clientId } = this.loop.settings
    channels.produce.publish({ clientId, topic, partition, records, sizeBytes, error })
  }
}

function refuse<K, V>(
  record: ProducerRecord<K, V>,
  waiter: SingleSend | null,
  group: SendGroup | null,
  error: unknown,
): void {
  if (waiter !== null) {
    waiter.reject(error as Error)
    return
  }
  group!.begin()
  group!.onFailed(record.topic, record.partition ?? -1, 1, asClientError(error))
}

function intercept(
  record: object,
  interceptors: NonNullable<ProducerOptions['interceptors']>,
): object {
  let given = record as { topic: string }
  for (const { onSend } of interceptors) if (onSend) given = onSend(given)
  return given
}

function tellAll(
  waiter: SingleSend | null,
  interceptors: NonNullable<ProducerOptions['interceptors']>,
): SingleSend | null {
  if (waiter === null) return null
  return {
    resolve(metadata) {
      for (const interceptor of interceptors) interceptor.onAcknowledgement?.(metadata, null)
      waiter.resolve(metadata)
    },
    reject(error) {
      for (const interceptor of interceptors) interceptor.onAcknowledgement?.(null, error)
      waiter.reject(error)
    },
  }
}
