/**
 * Requests that wait for something to happen: a fetch for bytes, a produce for its replicas. An operation
 * waits under keys; whoever changes what stands behind a key calls `check`, and the operations under it
 * look whether they are satisfied.
 *
 *   watch ──(satisfied at once)────────────────────────────┐
 *     └──> parked ──(check, satisfied)─────────────────────┤
 *             ├──(its time is up)──────────────────────────┼──> completed, exactly once
 *             ├──(purgatory full, closed)──────────────────┘
 *             └──(cancel: nobody waits for it any more)───────> forgotten
 *
 * Synchronous: an operation completes inside the call that satisfied it. A `check` from within a
 * completion is done after the running one, so completions never nest.
 */
import type { TimerHandle, Timers } from '@barnabas/base'
import { MAX_PARKED_OPERATIONS } from './limits.ts'

/**
 * Why an operation completed. `overloaded`: too many wait already, so it could not. In all cases but the
 * first the operation answers with what there is.
 */
export type Completion = 'satisfied' | 'expired' | 'overloaded' | 'closed'

export interface DelayedOperation<Key> {
  /** What it waits on. Fixed once it is watched. */
  readonly keys: readonly Key[]
  readonly timeoutMs: number
  /** Whether it need not wait any longer. Looks only, changes nothing. */
  isSatisfied(): boolean
  /** Called once, unless `fail` was. */
  complete(completion: Completion): void
  /** `isSatisfied` threw: a defect, which must not fail whoever called `check`. */
  fail(error: unknown): void
}

/** A parked operation, for whoever may want to forget it. */
export interface Parked {
  /** The operation is neither completed nor failed: its client is gone. Idempotent. */
  cancel(): void
}

export interface PurgatoryStats {
  parked: number
  watchedKeys: number
  /** Since the beginning; `satisfied` counts also those that never had to wait. */
  satisfied: number
  expired: number
  overloaded: number
}

export class Purgatory<Key> {
  private readonly timers: Timers
  private readonly maxParked: number
  private readonly watchers = new Map<Key, Set<Waiting<Key>>>()
  private readonly waiting = new Set<Waiting<Key>>()
  private readonly counted = { satisfied: 0, expired: 0, overloaded: 0 }
  private keysToCheck: Key[] = []
  private checking = false
  private closed = false

  constructor(timers: Timers, maxParked: number = MAX_PARKED_OPERATIONS) {
    this.timers = timers
    this.maxParked = maxParked
  }

  get stats(): PurgatoryStats {
    return { parked: this.waiting.size, watchedKeys: this.watchers.size, ...this.counted }
  }

  /** Completes the operation if it is satisfied, parks it otherwise. Null when it was completed. */
  watch(operation: DelayedOperation<Key>): Parked | null {
    if (operation.isSatisfied()) {
      this.counted.satisfied++
      operation.complete('satisfied')
      return null
    }
    if (this.closed || operation.timeoutMs <= 0 || this.waiting.size >= this.maxParked) {
      this.refuse(operation)
      return null
    }
    const waiting = new Waiting(this, operation)
    this.waiting.add(waiting)
    for (const key of operation.keys) {
      const set = this.watchers.get(key)
      if (set === undefined) this.watchers.set(key, new Set([waiting]))
      else set.add(waiting)
    }
    waiting.timer = this.timers.schedule(operation.timeoutMs, () => {
      if (!this.leave(waiting)) return
      this.counted.expired++
      operation.complete('expired')
    })
    return waiting
  }

  /** Something changed behind `key`: completes the operations under it that are satisfied now. */
  check(key: Key): void {
    if (!this.watchers.has(key)) return
    this.keysToCheck.push(key)
    if (this.checking) return
    this.checking = true
    try {
      for (let n = 0; n < this.keysToCheck.length; n++) this.checkOne(this.keysToCheck[n]!)
    } finally {
      this.keysToCheck = []
      this.checking = false
    }
  }

  /** Operations that wait under `key`. */
  watchersOf(key: Key): number {
    return this.watchers.get(key)?.size ?? 0
  }

  /** Completes everything; what comes later does not wait. */
  close(): void {
    this.closed = true
    for (const waiting of [...this.waiting]) {
      if (this.leave(waiting)) waiting.operation.complete('closed')
    }
  }

  /** @internal False when it had left already: whoever gets true may complete the operation. */
  leave(waiting: Waiting<Key>): boolean {
    if (!this.waiting.delete(waiting)) return false
    waiting.timer?.cancel()
    for (const key of waiting.operation.keys) {
      const set = this.watchers.get(key)
      if (set?.delete(waiting) && set.size === 0) this.watchers.delete(key)
    }
    return true
  }

  private refuse(operation: DelayedOperation<Key>): void {
    if (this.closed) {
      operation.complete('closed')
    } else if (operation.timeoutMs <= 0) {
      this.counted.expired++
      operation.complete('expired')
    } else {
      this.counted.overloaded++
      operation.complete('overloaded')
    }
  }

  private checkOne(key: Key): void {
    const set = this.watchers.get(key)
    if (set === undefined) return
    // A copy: completions take operations out and may park others under the same key.
    for (const waiting of [...set]) {
      if (this.waiting.has(waiting)) this.tryComplete(waiting)
    }
  }

  private tryComplete(waiting: Waiting<Key>): void {
    const { operation } = waiting
    let satisfied: boolean
    try {
      satisfied = operation.isSatisfied()
    } catch (error) {
      this.leave(waiting)
      operation.fail(error)
      return
    }
    if (!satisfied) return
    this.leave(waiting)
    this.counted.satisfied++
    operation.complete('satisfied')
  }
}

class Waiting<Key> implements Parked {
  readonly operation: DelayedOperation<Key>
  timer: TimerHandle | null = null
  private readonly purgatory: Purgatory<Key>

  constructor(purgatory: Purgatory<Key>, operation: DelayedOperation<Key>) {
    this.purgatory = purgatory
    this.operation = operation
  }

  cancel(): void {
    this.purgatory.leave(this)
  }
}
