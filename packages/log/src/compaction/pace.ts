/**
 * Keeps compaction out of the way of requests: it gives the event loop back every few milliseconds and
 * moves no more bytes in a second than allowed (log.cleaner.io.max.bytes.per.second).
 */
import type { Clock, TimerHandle, Timers } from '@barnabas/base'
import { PIECE_BYTES, SLICE_MS } from './limits.ts'

export class Pace {
  readonly pieceBytes: number
  bytesPerSecond: number
  private readonly clock: Clock
  private readonly timers: Timers
  private sliceStartMs = 0
  /** When what was moved so far is paid for, by the monotonic clock. */
  private paidAtMs = Number.NEGATIVE_INFINITY
  private waiting: { timer: TimerHandle; wake: () => void } | null = null
  private isStopped = false

  constructor(clock: Clock, timers: Timers, bytesPerSecond: number, pieceBytes = PIECE_BYTES) {
    this.clock = clock
    this.timers = timers
    this.bytesPerSecond = bytesPerSecond
    this.pieceBytes = pieceBytes
  }

  /** Work begins (again). */
  begin(): void {
    this.sliceStartMs = this.clock.monotonicMs()
  }

  /** The slice of time is used up. */
  get isDue(): boolean {
    return this.clock.monotonicMs() - this.sliceStartMs >= SLICE_MS
  }

  /** Lets others run, as long as moving `bytes` takes at the rate allowed. */
  rest(bytes: number): Promise<void> {
    const nowMs = this.clock.monotonicMs()
    this.paidAtMs = Math.max(this.paidAtMs, nowMs) + (bytes / this.bytesPerSecond) * 1000
    const delayMs = this.paidAtMs - nowMs
    return new Promise((resolve) => {
      if (this.isStopped || delayMs < 1) this.timers.defer(resolve)
      else this.wait(delayMs, resolve)
    })
  }

  /** Ends a wait under way; from now on nothing waits. */
  stop(): void {
    this.isStopped = true
    const { waiting } = this
    this.waiting = null
    waiting?.timer.cancel()
    waiting?.wake()
  }

  private wait(delayMs: number, wake: () => void): void {
    const timer = this.timers.schedule(delayMs, () => {
      this.waiting = null
      wake()
    })
    this.waiting = { timer, wake }
  }
}
