/** A task that runs again and again, each time an interval after it was done. */
import type { TimerHandle, Timers } from '@barnabas/base'

export class PeriodicTask {
  private readonly timers: Timers
  private readonly intervalMs: number
  private readonly task: () => Promise<void>
  private timer: TimerHandle | null = null
  /** Grows with each start and stop: a run that began before does not schedule another. */
  private generation = 0

  /** `task` must not reject. */
  constructor(timers: Timers, intervalMs: number, task: () => Promise<void>) {
    this.timers = timers
    this.intervalMs = intervalMs
    this.task = task
  }

  start(): void {
    this.stop()
    this.schedule(this.generation)
  }

  stop(): void {
    this.generation++
    this.timer?.cancel()
    this.timer = null
  }

  private schedule(generation: number): void {
    this.timer = this.timers.schedule(this.intervalMs, () => {
      this.task().then(() => {
        if (generation === this.generation) this.schedule(generation)
      })
    })
  }
}
