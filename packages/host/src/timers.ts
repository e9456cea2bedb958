/**
 * All timers of a process on one timing wheel behind one timer of Node.js: thousands of request timeouts
 * and session deadlines cost no more than a place in a slot, and none keeps the process alive.
 */
import { type Clock, type TimerHandle, type Timers, TimerWheel } from '@barnabas/base'
import { NODE_TIMER_MAX_MS } from './limits.ts'

export function createTimers(clock: Clock): Timers {
  return new WheelTimers(clock)
}

class WheelTimers implements Timers {
  private readonly clock: Clock
  private readonly wheel: TimerWheel
  private timeout: NodeJS.Timeout | null = null
  /** When Node's timer fires; infinite when there is none. */
  private armedForMs = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.clock = clock
    this.wheel = new TimerWheel(Math.floor(clock.monotonicMs()))
  }

  schedule(delayMs: number, fire: () => void): TimerHandle {
    const nowMs = this.clock.monotonicMs()
    const deadlineMs = nowMs + Math.max(0, delayMs)
    if (deadlineMs < this.armedForMs) this.arm(deadlineMs, nowMs)
    return this.wheel.schedule(deadlineMs, fire)
  }

  defer(run: () => void): void {
    setImmediate(run)
  }

  private arm(deadlineMs: number, nowMs: number): void {
    if (this.timeout !== null) clearTimeout(this.timeout)
    this.armedForMs = deadlineMs
    const waitMs = Math.min(Math.ceil(deadlineMs - nowMs), NODE_TIMER_MAX_MS)
    this.timeout = setTimeout(() => this.onTimeout(), waitMs).unref()
  }

  private onTimeout(): void {
    this.timeout = null
    this.armedForMs = Number.POSITIVE_INFINITY
    try {
      this.wheel.advance(this.clock.monotonicMs())
    } finally {
      // Also after a callback that threw: the others are still to come.
      const next = this.wheel.nextExpiryMs()
      if (next < this.armedForMs) this.arm(next, this.clock.monotonicMs())
    }
  }
}
