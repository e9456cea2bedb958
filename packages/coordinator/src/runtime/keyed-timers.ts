/**
 * Timers under string keys. A timer that fired only queues its event; whether the event still counts is
 * decided when its turn comes:
 *
 *   1. The timer fires, its event waits in the queue behind a heartbeat.
 *   2. The heartbeat's outcome arms the timer anew: the old firing must not count any more.
 *   3. But that outcome waits for an append; until it is applied the timer is `superseded`.
 *   4. If the append fails, the outcome is undone, and the old firing counts after all.
 */
import type { TimerHandle, Timers } from '@barnabas/base'

export interface KeyedTimer<E> {
  readonly key: string
  readonly event: E
  handle: TimerHandle | null
  /** It fired while outcomes that would change it were still to be applied. */
  due: boolean
}

export class KeyedTimers<E> {
  private readonly timers: Timers
  private readonly onFire: (timer: KeyedTimer<E>) => void
  private readonly current = new Map<string, KeyedTimer<E>>()
  /** How many outcomes still to be applied arm or cancel the key. */
  private readonly superseded = new Map<string, number>()

  constructor(timers: Timers, onFire: (timer: KeyedTimer<E>) => void) {
    this.timers = timers
    this.onFire = onFire
  }

  get size(): number {
    return this.current.size
  }

  arm(key: string, delayMs: number, event: E): void {
    this.cancel(key)
    const timer: KeyedTimer<E> = { key, event, handle: null, due: false }
    timer.handle = this.timers.schedule(delayMs, () => this.onFire(timer))
    this.current.set(key, timer)
  }

  /** Arms a timer whose event could not be carried out, unless there is a newer one by now. */
  armAgain(timer: KeyedTimer<E>, delayMs: number): void {
    if (!this.current.has(timer.key)) this.arm(timer.key, delayMs, timer.event)
  }

  cancel(key: string): void {
    const timer = this.current.get(key)
    if (timer === undefined) return
    timer.handle?.cancel()
    this.current.delete(key)
  }

  cancelAll(): void {
    for (const timer of this.current.values()) timer.handle?.cancel()
    this.current.clear()
    this.superseded.clear()
  }

  /** The turn of a fired timer's event has come. False: it does not count (now). */
  take(timer: KeyedTimer<E>): boolean {
    if (this.current.get(timer.key) !== timer) return false
    if (this.superseded.has(timer.key)) {
      timer.due = true
      return false
    }
    this.current.delete(timer.key)
    return true
  }

  /** An outcome was decided that will arm or cancel the key. */
  supersede(key: string): void {
    this.superseded.set(key, (this.superseded.get(key) ?? 0) + 1)
  }

  /** That outcome is about to be applied. */
  settle(key: string): void {
    const count = this.superseded.get(key)!
    if (count === 1) this.superseded.delete(key)
    else this.superseded.set(key, count - 1)
  }

  /** That outcome was undone. */
  reinstate(key: string): void {
    this.settle(key)
    const timer = this.current.get(key)
    if (timer === undefined || !timer.due || this.superseded.has(key)) return
    timer.due = false
    this.onFire(timer)
  }
}
