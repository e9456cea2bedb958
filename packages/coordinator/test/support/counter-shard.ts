/** The smallest shard with everything: named counters, transactions, timers, parked requests and tasks. */
import { ApiError, TimelineMap, type Timeline } from '@barnabas/base'
import {
  OutcomeBuilder,
  PARKED,
  type CoordinatorShard,
  type MetadataChange,
  type MetadataView,
  type OperationContext,
  type Outcome,
  type Parked,
  type RecordCodec,
  type RecordMeta,
  type TransactionOutcome,
} from '../../src/index.ts'

export interface CounterRecord {
  name: string
  value: number | null
}

export interface CounterKinds {
  record: CounterRecord
  event: string
  task: string
}

export const counterCodec: RecordCodec<CounterRecord> = {
  encode: ({ name, value }) => ({
    key: Buffer.from(name),
    value: value === null ? null : Buffer.from(String(value)),
  }),
  decode: (key, value) => {
    const name = Buffer.from(key).toString()
    if (name.startsWith('unknown')) return null
    return { name, value: value === null ? null : Number(Buffer.from(value).toString()) }
  },
}

export class CounterShard implements CoordinatorShard<CounterKinds> {
  readonly counters: TimelineMap<string, number>
  private readonly pending: TimelineMap<number, readonly CounterRecord[]>
  /** Requests that wait for a counter to change; soft. */
  private readonly waiting: TimelineMap<string, readonly number[]>
  readonly events: string[] = []
  unloaded = false

  constructor(timeline: Timeline) {
    this.counters = new TimelineMap(timeline)
    this.pending = new TimelineMap(timeline)
    this.waiting = new TimelineMap(timeline)
  }

  replay(record: CounterRecord, { producerId }: RecordMeta): void {
    if (record.name === 'poison') throw new Error('replay of poison')
    if (producerId === -1) return this.put(record)
    this.pending.set(producerId, [...(this.pending.get(producerId) ?? []), record])
  }

  replayTransactionMarker(producerId: number, _epoch: number, outcome: TransactionOutcome): void {
    if (outcome === 'commit')
      for (const record of this.pending.get(producerId) ?? []) this.put(record)
    this.pending.delete(producerId)
  }

  onLoaded(): Outcome<CounterKinds, void> {
    this.events.push(`loaded ${this.counters.size}`)
    return new OutcomeBuilder<CounterKinds>().respond(undefined)
  }

  onMetadata(_view: MetadataView, change: MetadataChange): Outcome<CounterKinds, void> {
    const outcome = new OutcomeBuilder<CounterKinds>()
    for (const { name } of change.deletedTopics) outcome.append({ name, value: null })
    return outcome.respond(undefined)
  }

  onEvent(event: string, { nowMs }: OperationContext): Outcome<CounterKinds, void> {
    const outcome = new OutcomeBuilder<CounterKinds>()
    this.events.push(event)
    if (event.startsWith('expire ')) outcome.append({ name: event.slice(7), value: null })
    if (event === 'now') outcome.append({ name: 'now', value: nowMs })
    return outcome.respond(undefined)
  }

  onUnloaded(): void {
    this.unloaded = true
  }

  /** The new value; all who wait for the counter get it too. */
  add(name: string, amount: number): Outcome<CounterKinds, number> {
    const outcome = new OutcomeBuilder<CounterKinds>()
    const value = (this.counters.get(name) ?? 0) + amount
    if (value < 0) throw new ApiError(42, 'below zero')
    outcome.append({ name, value })
    for (const requestId of this.waiting.get(name) ?? []) outcome.release(requestId, value)
    this.waiting.delete(name)
    outcome.onAppendFailed = () => `failed ${name}`
    return outcome.respond(value)
  }

  wait(name: string, { requestId }: OperationContext): Outcome<CounterKinds, Parked> {
    this.waiting.set(name, [...(this.waiting.get(name) ?? []), requestId])
    return new OutcomeBuilder<CounterKinds>().respond(PARKED)
  }

  /** A counter that disappears when it is not kept alive. */
  keepAlive(name: string, durationMs: number): Outcome<CounterKinds, void> {
    const outcome = new OutcomeBuilder<CounterKinds>()
    outcome.arm(`alive ${name}`, durationMs, `expire ${name}`)
    return outcome.respond(undefined)
  }

  work(task: string): Outcome<CounterKinds, void> {
    const outcome = new OutcomeBuilder<CounterKinds>()
    outcome.append({ name: 'tasks', value: 1 })
    outcome.task(task)
    return outcome.respond(undefined)
  }

  digest(): unknown {
    return {
      counters: [...this.counters].toSorted(),
      pending: [...this.pending].toSorted(),
      waiting: [...this.waiting].toSorted(),
    }
  }

  private put({ name, value }: CounterRecord): void {
    if (value === null) this.counters.delete(name)
    else this.counters.set(name, value)
  }
}
