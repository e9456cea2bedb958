/**
 * Closes connections on which nothing has happened for a while (`connections.max.idle.ms`). One timer
 * serves all of them, so that a request costs no timer; a connection is closed a little late instead.
 */
import type { Clock, TimerHandle, Timers } from '@barnabas/base'
import { IdleConnectionError } from './errors.ts'
import { IDLE_SWEEPS_PER_PERIOD } from './limits.ts'

export interface IdleCandidate {
  /** Monotonic time of the last activity. */
  readonly lastActiveMs: number
  /** True while it has a reason to be quiet, such as a request that is being handled. */
  readonly isBusy: boolean
  close(reason: Error): void
}

export class IdleSweep {
  private readonly candidates = new Set<IdleCandidate>()
  private readonly clock: Clock
  private readonly timers: Timers
  private readonly maxIdleMs: number
  private timer: TimerHandle | null = null

  /** A negative `maxIdleMs` means never. */
  constructor(clock: Clock, timers: Timers, maxIdleMs: number) {
    this.clock = clock
    this.timers = timers
    this.maxIdleMs = maxIdleMs
  }

  /** Monotonic time, for the candidates' `lastActiveMs`. */
  get nowMs(): number {
    return this.clock.monotonicMs()
  }

  add(candidate: IdleCandidate): void {
    this.candidates.add(candidate)
    if (this.timer === null && this.maxIdleMs >= 0) this.schedule()
  }

  remove(candidate: IdleCandidate): void {
    this.candidates.delete(candidate)
    if (this.candidates.size > 0) return
    this.timer?.cancel()
    this.timer = null
  }

  private schedule(): void {
    const delayMs = Math.max(1, Math.ceil(this.maxIdleMs / IDLE_SWEEPS_PER_PERIOD))
    this.timer = this.timers.schedule(delayMs, () => this.sweep())
  }

  private sweep(): void {
    this.timer = null
    const activeSinceMs = this.clock.monotonicMs() - this.maxIdleMs
    for (const candidate of this.candidates) {
      if (!candidate.isBusy && candidate.lastActiveMs <= activeSinceMs) {
        candidate.close(new IdleConnectionError(this.maxIdleMs))
      }
    }
    if (this.timer === null && this.candidates.size > 0) this.schedule()
  }
}
