import type { ByteChannel, ByteSink, Clock, TimerHandle, Timers } from '@barnabas/base'

/** A channel without a peer: tests push bytes in and look at what was written. */
export class ManualChannel implements ByteChannel {
  readonly local = { host: '127.0.0.1', port: 9092 }
  readonly remote = { host: '127.0.0.1', port: 50_000 }
  readonly written: Buffer[] = []
  queuedBytes = 0
  paused = false
  destroyed = false
  ended = false
  /** Keeps what is written as unsent until `drain`. */
  holdBack = false
  private sink: ByteSink | null = null
  private held: (() => void)[] = []

  start(sink: ByteSink): void {
    this.sink = sink
  }

  write(parts: readonly Uint8Array[], done?: () => void): boolean {
    this.written.push(Buffer.concat(parts))
    if (done && this.holdBack) this.held.push(done)
    else done?.()
    return true
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  end(): void {
    this.ended = true
  }

  destroy(): void {
    this.destroyed = true
  }

  /** Delivers bytes as a socket would: in the places that the sink gives. */
  receive(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && !this.destroyed; ) {
      const place = this.sink!.nextBuffer()
      const length = Math.min(place.length, bytes.length - at)
      place.set(bytes.subarray(at, at + length))
      at += length
      this.sink!.onBytes(length)
    }
  }

  drain(): void {
    for (const done of this.held.splice(0)) done()
    this.sink!.onDrain?.()
  }

  lose(error: Error | null = null): void {
    this.sink!.onClose(error)
  }
}

/** Time that moves when told. */
export class ManualTime implements Clock, Timers {
  private now = 0
  private readonly scheduled = new Set<{ atMs: number; fire: () => void }>()

  nowMs(): number {
    return this.now
  }

  monotonicMs(): number {
    return this.now
  }

  schedule(delayMs: number, fire: () => void): TimerHandle {
    const timer = { atMs: this.now + delayMs, fire }
    this.scheduled.add(timer)
    return { cancel: () => this.scheduled.delete(timer) }
  }

  defer(run: () => void): void {
    this.schedule(0, run)
  }

  /** Timers that have neither fired nor been cancelled. */
  get timers(): number {
    return this.scheduled.size
  }

  /** Moves on by so many steps; timers fire after the step that makes them due. */
  advance(durationMs: number, steps = 1): void {
    for (let step = 0; step < steps; step++) {
      this.now += durationMs
      for (const timer of [...this.scheduled]) {
        if (timer.atMs <= this.now && this.scheduled.delete(timer)) timer.fire()
      }
    }
  }
}

export function framed(body: Buffer | string): Buffer {
  const bytes = Buffer.from(body as Buffer)
  const head = Buffer.alloc(4)
  head.writeInt32BE(bytes.length)
  return Buffer.concat([head, bytes])
}
