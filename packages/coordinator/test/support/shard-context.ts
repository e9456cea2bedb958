/**
 * A shard under test without a runtime: operations run at once, records are kept in a list, timers fire when
 * the test moves the clock, parked requests are a map. No sockets, no promises.
 *
 * Every operation is checked against the laws of shards while it runs: reverting it leaves the hard and
 * soft state as they were, and replaying its records after that gives the hard state it gave at first.
 */
import { assert, ApiError, BinaryHeap, seededEntropy, Timeline, type Entropy } from '@barnabas/base'
import { expect } from 'vitest'
import {
  PARKED,
  type CoordinatorShard,
  type MetadataChange,
  type MetadataView,
  type OperationContext,
  type Outcome,
  type Parked,
  type ProducerStamp,
  type RecordCodec,
  type ShardKinds,
  type TransactionOutcome,
} from '../../src/index.ts'
import { TIMER_RETRY_MS } from '../../src/runtime/limits.ts'

export interface ContextOptions<S extends CoordinatorShard<K>, K extends ShardKinds> {
  createShard(timeline: Timeline): S
  codec: RecordCodec<K['record']>
  /** Hard state as plain data, independent of the order in which it came about. */
  digest(shard: S): unknown
  metadata?: MetadataView
  startMs?: number
}

export interface StoredRecord {
  key: Uint8Array
  value: Uint8Array | null
  offset: number
  timestampMs: number
  producer: ProducerStamp | null
}

type LogEntry = StoredRecord | { marker: TransactionOutcome; producer: ProducerStamp }

interface ArmedTimer<E> {
  key: string
  event: E
  deadlineMs: number
  sequence: number
}

export class ShardContext<S extends CoordinatorShard<K>, K extends ShardKinds> {
  nowMs: number
  shard: S
  timeline = new Timeline()
  /** Everything that was appended, as bytes. */
  readonly log: LogEntry[] = []
  /** Records of the last operation. */
  records: K['record'][] = []
  /** Responses of parked requests that were released, by request. */
  readonly released = new Map<number, unknown>()
  readonly parked = new Set<number>()
  readonly tasks: K['task'][] = []
  /** Events that timers brought, in order. */
  readonly fired: K['event'][] = []
  private readonly options: ContextOptions<S, K>
  private readonly entropy: Entropy = seededEntropy(1)
  private readonly timers = new Map<string, ArmedTimer<K['event']>>()
  private sequence = 0
  private nextRequestId = 0
  private nextOffset = 0
  private appendFailures: number[] = []
  private metadata: MetadataView | undefined

  constructor(options: ContextOptions<S, K>) {
    this.options = options
    this.metadata = options.metadata
    this.nowMs = options.startMs ?? 1_000_000
    this.shard = options.createShard(this.timeline)
    this.timeline.mark(0)
    if (this.metadata !== undefined) this.load()
  }

  /** The next append fails with this error code. */
  failNextAppend(errorCode: number): void {
    this.appendFailures.push(errorCode)
  }

  /** Runs an operation; its response, or the id under which it is parked. Refusals are thrown. */
  run<T>(
    operation: (shard: S, context: OperationContext) => Outcome<K, T | Parked>,
    producer: ProducerStamp | null = null,
  ): { response: T } | { parked: number } {
    const requestId = this.nextRequestId++
    const context = { nowMs: this.nowMs, entropy: this.entropy, requestId }
    const before = this.digest()
    const mark = this.timeline.mark(this.nextOffset)
    let outcome: Outcome<K, T | Parked>
    try {
      outcome = operation(this.shard, context)
    } catch (error) {
      assert(error instanceof ApiError, `a bug: ${String(error)}`)
      this.timeline.revertTo(mark)
      throw error
    }
    expect(this.digest(), 'an operation changes hard state by records alone').toEqual(before)
    const failure = outcome.records.length > 0 ? this.appendFailures.shift() : undefined
    if (failure !== undefined) {
      this.timeline.revertTo(mark)
      if (outcome.onAppendFailed !== undefined) this.event(outcome.onAppendFailed(failure))
      throw new ApiError(failure)
    }
    this.append(outcome.records, producer)
    if (outcome.response === PARKED) this.parked.add(requestId)
    this.applyEffects(outcome)
    this.timeline.mark(this.nextOffset)
    if (outcome.response === PARKED) return { parked: requestId }
    return { response: outcome.response as T }
  }

  /** The response of an operation that must not park. */
  call<T>(
    operation: (shard: S, context: OperationContext) => Outcome<K, T | Parked>,
    producer: ProducerStamp | null = null,
  ): T {
    const result = this.run(operation, producer)
    assert('response' in result, 'the request was parked')
    return result.response
  }

  event(event: K['event']): void {
    this.call((shard, context) => shard.onEvent(event, context))
  }

  endTransaction(producer: ProducerStamp, outcome: TransactionOutcome): void {
    this.timeline.mark(this.nextOffset)
    this.shard.replayTransactionMarker(producer.producerId, producer.producerEpoch, outcome)
    this.log.push({ marker: outcome, producer })
    this.timeline.mark(++this.nextOffset)
  }

  changeMetadata(view: MetadataView, change: MetadataChange): void {
    this.metadata = view
    this.call((shard, context) => shard.onMetadata(view, change, context))
  }

  /** Moves time; timers fire in the order of their deadlines. */
  advance(durationMs: number): void {
    const target = this.nowMs + durationMs
    for (;;) {
      const due = new BinaryHeap<ArmedTimer<K['event']>>((one, other) => isEarlier(one, other))
      for (const timer of this.timers.values()) if (timer.deadlineMs <= target) due.push(timer)
      const timer = due.pop()
      if (timer === undefined) break
      this.timers.delete(timer.key)
      this.nowMs = Math.max(this.nowMs, timer.deadlineMs)
      this.fired.push(timer.event)
      this.fire(timer)
    }
    this.nowMs = target
  }

  /** As in the runtime, a timer whose records could not be appended comes again. */
  private fire({ key, event }: ArmedTimer<K['event']>): void {
    try {
      this.event(event)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (this.timers.has(key)) return
      const deadlineMs = this.nowMs + TIMER_RETRY_MS
      this.timers.set(key, { key, event, deadlineMs, sequence: this.sequence++ })
    }
  }

  armed(): string[] {
    return [...this.timers.keys()].toSorted()
  }

  /** In how many milliseconds a timer fires; undefined when it is not armed. */
  timeLeft(key: string): number | undefined {
    const timer = this.timers.get(key)
    return timer === undefined ? undefined : timer.deadlineMs - this.nowMs
  }

  /** The coordinator moves: a fresh shard from the log, as another broker would load it. */
  reload(): void {
    this.timers.clear()
    this.parked.clear()
    this.shard.onUnloaded()
    this.timeline = new Timeline()
    this.shard = this.replayed(this.log, this.timeline)
    this.timeline.mark(this.nextOffset)
    this.load()
  }

  digest(): unknown {
    return this.options.digest(this.shard)
  }

  /** The laws that hold at any time: the log, whole or compacted, says all that is hard state. */
  checkLaws(): void {
    const digest = this.digest()
    const whole = this.replayed(this.log, new Timeline())
    expect(this.options.digest(whole), 'replaying the log gives the same state').toEqual(digest)
    // The cleaner stays below open transactions and knows of markers; that is not imitated here.
    if (this.log.some(({ producer }) => producer !== null)) return
    const compacted = this.replayed(this.compactedLog(), new Timeline())
    expect(this.options.digest(compacted), 'so does the compacted log').toEqual(digest)
  }

  private load(): void {
    const view = this.metadata
    assert(view !== undefined, 'a shard is loaded with metadata')
    this.call((shard, context) => shard.onLoaded(view, context))
  }

  private append(records: readonly K['record'][], producer: ProducerStamp | null): void {
    this.records = [...records]
    if (records.length === 0) return
    const { codec } = this.options
    const stored = records.map((record, n): StoredRecord => {
      const { key, value } = codec.encode(record)
      const offset = this.nextOffset + n
      return { key, value, offset, timestampMs: this.nowMs, producer }
    })
    const before = this.digest()
    const mark = this.timeline.mark(this.nextOffset)
    for (const entry of stored) this.replay(this.shard, entry)
    const after = this.digest()
    this.timeline.revertTo(mark)
    expect(this.digest(), 'reverting undoes all').toEqual(before)
    for (const entry of stored) this.replay(this.shard, entry)
    expect(this.digest(), 'replaying again gives the same').toEqual(after)
    this.log.push(...stored)
    this.nextOffset += stored.length
  }

  private replay(shard: S, entry: StoredRecord): void {
    const record = this.options.codec.decode(entry.key, entry.value)
    assert(record !== null, 'a record of an unknown kind was written')
    const { producerId = -1, producerEpoch = -1 } = entry.producer ?? {}
    const { offset, timestampMs } = entry
    shard.replay(record, { offset, producerId, producerEpoch, timestampMs })
  }

  private replayed(log: readonly LogEntry[], timeline: Timeline): S {
    const shard = this.options.createShard(timeline)
    for (const entry of log) {
      if (!('marker' in entry)) this.replay(shard, entry)
      else {
        const { producerId, producerEpoch } = entry.producer
        shard.replayTransactionMarker(producerId, producerEpoch, entry.marker)
      }
    }
    return shard
  }

  /** The newest record of each key, tombstones removed. */
  private compactedLog(): StoredRecord[] {
    const newest = new Map<string, StoredRecord>()
    for (const entry of this.log) {
      if ('marker' in entry) continue
      const key = Buffer.from(entry.key).toString('latin1')
      newest.delete(key)
      newest.set(key, entry)
    }
    return [...newest.values()].filter(({ value }) => value !== null)
  }

  private applyEffects(outcome: Outcome<K, unknown>): void {
    for (const effect of outcome.effects) {
      if (effect.kind === 'cancel') this.timers.delete(effect.key)
      else if (effect.kind === 'task') this.tasks.push(effect.task)
      else if (effect.kind === 'release') {
        const { requestId, response } = effect
        assert(this.parked.delete(requestId), `request ${requestId} is not parked`)
        this.released.set(requestId, response)
      } else {
        const { key, event, delayMs } = effect
        const deadlineMs = this.nowMs + delayMs
        this.timers.set(key, { key, event, deadlineMs, sequence: this.sequence++ })
      }
    }
  }
}

function isEarlier<E>(one: ArmedTimer<E>, other: ArmedTimer<E>): boolean {
  if (one.deadlineMs !== other.deadlineMs) return one.deadlineMs < other.deadlineMs
  return one.sequence < other.sequence
}
