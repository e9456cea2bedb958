/**
 * Time that stands still until a test moves it. One `VirtualTime` drives the clocks and timers of every
 * simulated process; `advance` fires the timers that become due, one at a time in the order of their
 * deadlines, and lets all work that follows from one finish before the next.
 *
 * Only work on promises, timers and `defer` is followed. What waits for the real world (sockets, files,
 * other threads) is not, and does not belong into a test on virtual time.
 */
import { BinaryHeap } from '../binary-heap.ts'
import { assert } from '../errors.ts'
import type { Clock, TimerHandle, Timers } from '../world.ts'

/** The wall clock at the start when nobody chooses: 2026-01-01T00:00:00Z. */
export const DEFAULT_START_MS = 1_767_225_600_000

/** Deferred work that goes on for so many rounds without time passing is taken for an endless loop. */
const SETTLE_ROUNDS_MAX = 100_000

export class VirtualTime {
  /** The wall clock when this time began. */
  readonly startMs: number
  private elapsed = 0
  private sequence = 0
  private deferred = 0
  private advancing = false
  private readonly heap = new BinaryHeap<VirtualTimer>(isEarlier)

  constructor(startMs: number = DEFAULT_START_MS) {
    this.startMs = startMs
  }

  /** Milliseconds since this time began. */
  get elapsedMs(): number {
    return this.elapsed
  }

  /** Moves time on; resolves when everything that followed from it has happened. */
  async advance(durationMs: number): Promise<void> {
    assert(durationMs >= 0, `time cannot go back by ${-durationMs} ms`)
    const target = this.elapsed + durationMs
    await this.exclusively(async () => {
      while (this.fireNext(target)) await this.drain()
      this.elapsed = target
    })
  }

  /** Lets everything happen that needs no time to pass. */
  async settle(): Promise<void> {
    await this.exclusively(async () => {})
  }

  /** Moves time from one timer to the next until `condition` holds; throws when it does not in time. */
  async runUntil(condition: () => boolean, withinMs = 60_000): Promise<void> {
    const limit = this.elapsed + withinMs
    await this.exclusively(async () => {
      while (!condition()) {
        if (!this.fireNext(limit)) {
          const reason = this.heap.size === 0 ? 'no timer is left' : `${withinMs} ms have passed`
          throw new Error(`what the test waits for did not happen: ${reason}`)
        }
        await this.drain()
      }
    })
  }

  /** The promise's result, moving time on for as long as it takes. */
  async complete<T>(promise: Promise<T>, withinMs = 60_000): Promise<T> {
    let settled = false
    const note = () => {
      settled = true
    }
    promise.then(note, note)
    await this.runUntil(() => settled, withinMs)
    return promise
  }

  schedule(delayMs: number, fire: () => void): TimerHandle {
    const timer = new VirtualTimer(this.elapsed + Math.max(0, delayMs), this.sequence++, fire)
    this.heap.push(timer)
    return timer
  }

  /** Runs also when the test does no more than await a promise. */
  defer(run: () => void): void {
    this.deferred++
    setImmediate(() => {
      this.deferred--
      run()
    })
  }

  private async exclusively(move: () => Promise<void>): Promise<void> {
    assert(!this.advancing, 'two parts of the test move time at once')
    this.advancing = true
    try {
      await this.drain()
      await move()
    } finally {
      this.advancing = false
    }
  }

  private async drain(): Promise<void> {
    // All microtasks that are or become ready run before the next immediate.
    for (let round = 0; round < SETTLE_ROUNDS_MAX; round++) {
      await new Promise<void>((resolve) => void setImmediate(resolve))
      if (this.deferred === 0) return
    }
    throw new Error(`deferred work does not come to an end in ${SETTLE_ROUNDS_MAX} rounds`)
  }

  /** Fires the earliest timer, when it is due by `limitMs`. */
  private fireNext(limitMs: number): boolean {
    for (let timer = this.heap.peek(); timer; timer = this.heap.peek()) {
      if (timer.fire !== null && timer.deadlineMs > limitMs) return false
      this.heap.pop()
      const { fire } = timer
      if (fire === null) continue
      timer.fire = null
      this.elapsed = timer.deadlineMs
      fire()
      return true
    }
    return false
  }
}

/** The clock of one simulated process: it may be off, and it may jump. */
export class VirtualClock implements Clock {
  private readonly time: VirtualTime
  private offsetMs = 0

  constructor(time: VirtualTime) {
    this.time = time
  }

  nowMs(): number {
    return Math.floor(this.time.startMs + this.time.elapsedMs + this.offsetMs)
  }

  monotonicMs(): number {
    return this.time.elapsedMs
  }

  /** Sets the wall clock forwards or back, as an administrator or NTP would. */
  jump(byMs: number): void {
    this.offsetMs += byMs
  }
}

/** The timers of one simulated process; they end with it. */
export class VirtualTimers implements Timers {
  private readonly time: VirtualTime
  private stopped = false

  constructor(time: VirtualTime) {
    this.time = time
  }

  schedule(delayMs: number, fire: () => void): TimerHandle {
    return this.time.schedule(delayMs, () => {
      if (!this.stopped) fire()
    })
  }

  defer(run: () => void): void {
    this.time.defer(() => {
      if (!this.stopped) run()
    })
  }

  /** The process is dead: nothing of it runs any more. */
  stop(): void {
    this.stopped = true
  }
}

class VirtualTimer implements TimerHandle {
  readonly deadlineMs: number
  readonly sequence: number
  /** Null once it has fired or been cancelled. */
  fire: (() => void) | null

  constructor(deadlineMs: number, sequence: number, fire: () => void) {
    this.deadlineMs = deadlineMs
    this.sequence = sequence
    this.fire = fire
  }

  cancel(): void {
    this.fire = null
  }
}

function isEarlier(one: VirtualTimer, other: VirtualTimer): boolean {
  return one.deadlineMs === other.deadlineMs
    ? one.sequence < other.sequence
    : one.deadlineMs < other.deadlineMs
}
