/**
 * A hierarchical timing wheel: any number of timers at constant cost to schedule and to cancel. Pure: it
 * has no clock; whoever owns it calls `advance` and looks at `nextExpiryMs` to know when to do so.
 *
 *   level 0   64 slots of 1 ms      timers due within 64 ms, one slot a tick
 *   level 1   64 slots of 64 ms     a slot's timers move down when time reaches its start
 *   ...       five levels together span 12 days; later timers wait in the last slot and go round again
 *
 * Guarantees: no timer fires before its deadline; timers fire in the order of their ticks, those of one
 * tick in the order they were scheduled; a callback that throws leaves the wheel whole, the rest follow
 * with the next `advance`.
 */
import type { TimerHandle } from './world.ts'

const SLOT_BITS = 6
const SLOTS = 1 << SLOT_BITS
const LEVELS = 5
const SLOT_WIDTHS = Array.from({ length: LEVELS }, (_, level) => SLOTS ** level)

export class TimerWheel {
  private readonly startMs: number
  /** Ticks of one millisecond since `startMs`, up to which everything has fired. */
  private currentTick = 0
  private sequence = 0
  private readonly levels: Level[] = SLOT_WIDTHS.map((width) => new Level(width))
  /** Due timers of the current tick that have not fired yet, those from `readyAt` on. */
  private ready: Timer[] = []
  private readyAt = 0
  private pending = 0

  /** Deadlines are on the same clock as `startMs`. */
  constructor(startMs: number) {
    this.startMs = startMs
  }

  /** Timers that have neither fired nor been cancelled. */
  get size(): number {
    return this.pending
  }

  /** A deadline that has passed already fires with the next tick. */
  schedule(deadlineMs: number, fire: () => void): TimerHandle {
    const tick = Math.max(Math.ceil(deadlineMs - this.startMs), this.currentTick + 1)
    const timer = new Timer(this, tick, this.sequence++, fire)
    this.pending++
    this.place(timer)
    return timer
  }

  /** Fires all timers due at `nowMs`. A time before that of an earlier call changes nothing. */
  advance(nowMs: number): void {
    const limit = Math.floor(nowMs - this.startMs)
    this.fireReady()
    for (let tick = this.nextTick(); tick <= limit; tick = this.nextTick()) {
      this.currentTick = tick
      this.collect()
      this.fireReady()
    }
    if (limit > this.currentTick) this.currentTick = limit
  }

  /**
   * When `advance` must be called next at the latest; never after the earliest deadline, and before it
   * when timers have to move down a level. `Infinity` when no timer is pending.
   */
  nextExpiryMs(): number {
    if (this.readyAt < this.ready.length) return this.startMs + this.currentTick
    return this.startMs + this.nextTick()
  }

  /** @internal A timer leaves the count of those pending. */
  onCancel(timer: Timer): void {
    this.pending--
    timer.leaveSlot()
  }

  private fireReady(): void {
    while (this.readyAt < this.ready.length) {
      const { fire } = this.ready[this.readyAt++]!
      if (fire === null) continue
      this.ready[this.readyAt - 1]!.fire = null
      this.pending--
      fire()
    }
    this.ready = []
    this.readyAt = 0
  }

  /** Makes the timers of the current tick ready, after those of slots that begin now have moved down. */
  private collect(): void {
    const { currentTick, levels, ready } = this
    for (let n = LEVELS - 1; n > 0; n--) {
      const level = levels[n]!
      if (level.timers === 0 || currentTick % level.width !== 0) continue
      const slot = level.slotOf(currentTick)
      while (slot.next !== slot) {
        const timer = slot.next as Timer
        timer.leaveSlot()
        this.place(timer)
      }
    }
    const slot = levels[0]!.slotOf(currentTick)
    while (slot.next !== slot) {
      const timer = slot.next as Timer
      timer.leaveSlot()
      ready.push(timer)
    }
    if (ready.length > 1) ready.sort((one, other) => one.sequence - other.sequence)
  }

  /** Puts a timer into the finest level whose slots reach its tick. */
  private place(timer: Timer): void {
    const { tick } = timer
    const { currentTick, levels } = this
    if (tick <= currentTick) {
      this.ready.push(timer)
      return
    }
    for (let n = 0; n < LEVELS; n++) {
      const level = levels[n]!
      if (level.distance(currentTick, tick) < SLOTS) {
        timer.enterSlot(level, level.slotOf(tick))
        return
      }
    }
    const last = levels[LEVELS - 1]!
    timer.enterSlot(last, last.slotOf(currentTick + (SLOTS - 1) * last.width))
  }

  /** The first tick at which a slot with timers begins. */
  private nextTick(): number {
    let earliest = Number.POSITIVE_INFINITY
    for (const level of this.levels) {
      if (level.timers > 0) earliest = Math.min(earliest, level.nextTick(this.currentTick))
    }
    return earliest
  }
}

/** A ring of links: a slot is the ring's head, timers are its other members. */
class Link {
  next: Link = this
  previous: Link = this
}

class Level {
  readonly width: number
  timers = 0
  private readonly slots: Link[] = Array.from({ length: SLOTS }, () => new Link())

  constructor(width: number) {
    this.width = width
  }

  slotOf(tick: number): Link {
    return this.slots[Math.floor(tick / this.width) % SLOTS]!
  }

  /** In slots. */
  distance(from: number, to: number): number {
    return Math.floor(to / this.width) - Math.floor(from / this.width)
  }

  /** Start of the first slot with timers after the one `currentTick` is in. There must be one. */
  nextTick(currentTick: number): number {
    const position = Math.floor(currentTick / this.width)
    let distance = 1
    for (; distance < SLOTS; distance++) {
      const slot = this.slots[(position + distance) % SLOTS]!
      if (slot.next !== slot) break
    }
    return (position + distance) * this.width
  }
}

class Timer extends Link implements TimerHandle {
  readonly tick: number
  readonly sequence: number
  /** Null once it has fired or been cancelled. */
  fire: (() => void) | null
  private readonly wheel: TimerWheel
  private level: Level | null = null

  constructor(wheel: TimerWheel, tick: number, sequence: number, fire: () => void) {
    super()
    this.wheel = wheel
    this.tick = tick
    this.sequence = sequence
    this.fire = fire
  }

  cancel(): void {
    if (this.fire === null) return
    this.fire = null
    this.wheel.onCancel(this)
  }

  enterSlot(level: Level, slot: Link): void {
    this.level = level
    level.timers++
    this.previous = slot.previous
    this.next = slot
    slot.previous.next = this
    slot.previous = this
  }

  leaveSlot(): void {
    if (this.level === null) return
    this.level.timers--
    this.level = null
    this.previous.next = this.next
    this.next.previous = this.previous
    this.next = this
    this.previous = this
  }
}
