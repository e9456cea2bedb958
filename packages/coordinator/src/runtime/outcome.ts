/**
 * What an operation on a shard decided. Data only: nothing has happened yet. The runtime appends and
 * replays the records, then applies the effects, then (once the records are committed) answers.
 */

/** The types a kind of shard works with. */
export interface ShardKinds {
  /** A typed record of the coordinator's topic. */
  record: unknown
  /** What comes back to the shard by itself: an expired timer, a finished task, a failed append. */
  event: unknown
  /** Asynchronous work somebody else does; its result comes back as an event. */
  task: unknown
}

/** The response of an operation whose request waits; a later outcome releases it. */
export const PARKED: unique symbol = Symbol('parked')
export type Parked = typeof PARKED

export type Effect<K extends ShardKinds> =
  /** Starts a timer, in place of one that has the same key. */
  | {
      readonly kind: 'arm'
      readonly key: string
      readonly delayMs: number
      readonly event: K['event']
    }
  | { readonly kind: 'cancel'; readonly key: string }
  /** Answers a parked request. An error object rejects it. */
  | { readonly kind: 'release'; readonly requestId: number; readonly response: unknown }
  | { readonly kind: 'task'; readonly task: K['task'] }

export interface Outcome<K extends ShardKinds, T> {
  readonly records: readonly K['record'][]
  readonly response: T
  readonly effects: readonly Effect<K>[]
  /** False: the records may go into several batches, so that some may become durable without the others. */
  readonly atomic?: boolean
  /** The event that follows when the records could not be appended; all else has been undone then. */
  readonly onAppendFailed?: (errorCode: number) => K['event']
}

/** Collects records and effects while an operation decides. */
export class OutcomeBuilder<K extends ShardKinds> {
  readonly records: K['record'][] = []
  readonly effects: Effect<K>[] = []
  atomic = true
  onAppendFailed: ((errorCode: number) => K['event']) | undefined = undefined

  append(record: K['record']): void {
    this.records.push(record)
  }

  arm(key: string, delayMs: number, event: K['event']): void {
    this.effects.push({ kind: 'arm', key, delayMs, event })
  }

  cancel(key: string): void {
    this.effects.push({ kind: 'cancel', key })
  }

  release(requestId: number, response: unknown): void {
    this.effects.push({ kind: 'release', requestId, response })
  }

  task(task: K['task']): void {
    this.effects.push({ kind: 'task', task })
  }

  respond<T>(response: T): Outcome<K, T> {
    const { records, effects, atomic, onAppendFailed } = this
    return onAppendFailed === undefined
      ? { records, response, effects, atomic }
      : { records, response, effects, atomic, onAppendFailed }
  }
}
