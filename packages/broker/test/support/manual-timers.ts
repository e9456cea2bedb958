/** Timers that stand still until a test moves them. */
import { type TimerHandle, type Timers, TimerWheel } from '@barnabas/base'

export class ManualTimers implements Timers {
  nowMs = 0
  private readonly wheel = new TimerWheel(0)
  private readonly deferred: (() => void)[] = []

  schedule(delayMs: number, fire: () => void): TimerHandle {
    return this.wheel.schedule(this.nowMs + delayMs, fire)
  }

  defer(run: () => void): void {
    this.deferred.push(run)
  }

  get pending(): number {
    return this.wheel.size
  }

  advance(byMs: number): void {
    this.nowMs += byMs
    this.runDeferred()
    this.wheel.advance(this.nowMs)
    this.runDeferred()
  }

  private runDeferred(): void {
    while (this.deferred.length > 0) this.deferred.shift()!()
  }
}
