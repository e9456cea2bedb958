/** A task that is run again and again, never twice at once, until it is stopped. */
import type { TimerHandle, Timers } from '@barnabas/base'

export class Periodic {
  private readonly timers: Timers
  private readonly intervalMs: number
  private readonly task: () => Promise<void>
  private timer: TimerHandle | null = null
  private underway: Promise<void> | null = null
  private isStopped = false

  /** The task handles its own failures. */
  constructor(timers: Timers, intervalMs: number, task: () => Promise<void>) {
    this.timers = timers
    this.intervalMs = intervalMs
    this.task = task
  }

  start(initialDelayMs: number = this.intervalMs): void {
    this.timer = this.timers.schedule(initialDelayMs, () => {
      this.timer = null
      this.underway = this.task().finally(() => {
        this.underway = null
        if (!this.isStopped) this.start()
      })
    })
  }

  /** Resolves when the task is no longer running and will not run again. */
  async stop(): Promise<void> {
    this.isStopped = true
    this.timer?.cancel()
    await this.underway
  }
}

/** Runs `task` over all items, so many at a time. */
export async function inParallel<T>(
  items: Iterable<T>,
  limit: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]()
  const worker = async () => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await task(next.value)
  }
  await Promise.all(Array.from({ length: Math.max(1, limit) }, worker))
}
