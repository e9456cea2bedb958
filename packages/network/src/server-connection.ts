/**
 * The broker's end of one connection. Requests are handled strictly one after another, as Apache Kafka
 * mutes a channel until its response is sent: pipelined requests wait here in order, and reading pauses
 * when too much waits. After `throttle` the connection is answered first and then left unread (KIP-219).
 *
 *   frame arrives -> waiting -> (idle? begin) -> onRequest -> respond | respondNothing -> next
 */
import {
  type BufferPool,
  type ByteChannel,
  type ByteSink,
  type Clock,
  type Endpoint,
  InvariantError,
  type TimerHandle,
  type Timers,
} from '@barnabas/base'
import { type Frame, FrameReceiver } from './frame-receiver.ts'
import { MAX_QUEUED_RESPONSE_BYTES, MAX_WAITING_BYTES, MAX_WAITING_FRAMES } from './limits.ts'

export interface ServerConnectionOptions {
  channel: ByteChannel
  pool: BufferPool
  clock: Clock
  timers: Timers
  maxRequestBytes: number
  /** One request to handle. Must lead to exactly one of `respond`, `respondNothing` or `close`. The frame is the handler's to release. */
  onRequest(connection: ServerConnection, frame: Frame): void
  /** The connection is gone; `reason` is null when the peer ended it in order. Called once. */
  onClose(connection: ServerConnection, reason: Error | null): void
}

export class ServerConnection implements ByteSink {
  readonly channel: ByteChannel
  /** Time of the last whole request or response, for closing idle connections. */
  lastActiveMs: number
  /** Free for the layer above: what it knows of the peer. */
  peer: unknown = null

  private readonly options: ServerConnectionOptions
  private readonly receiver: FrameReceiver
  private waiting: Frame[] = []
  private waitingBytes = 0
  private busy = false
  private reading = true
  private closed = false
  private reason: Error | null = null
  private mutedUntilMs = 0
  private unmuteTimer: TimerHandle | null = null

  constructor(options: ServerConnectionOptions) {
    this.options = options
    this.channel = options.channel
    this.lastActiveMs = options.clock.monotonicMs()
    this.receiver = new FrameReceiver(options.pool, options.maxRequestBytes, (frame) =>
      this.onFrame(frame),
    )
  }

  get remote(): Endpoint {
    return this.channel.remote
  }

  /** The address the client reached: what it is told when no other is advertised. */
  get local(): Endpoint {
    return this.channel.local
  }

  get isClosed(): boolean {
    return this.closed
  }

  /** Whether a request is being handled or waits. */
  get isBusy(): boolean {
    return this.busy || this.waiting.length > 0
  }

  start(): void {
    this.channel.start(this)
  }

  nextBuffer(): Uint8Array {
    return this.receiver.nextBuffer()
  }

  onBytes(length: number): void {
    if (this.closed) return
    try {
      this.receiver.onBytes(length)
    } catch (error) {
      if (error instanceof InvariantError) throw error
      this.close(error as Error)
    }
  }

  onDrain(): void {
    this.proceed()
  }

  onClose(error: Error | null): void {
    this.finish(error)
  }

  /** Answers the current request. The parts must stay unchanged until `onSent`. */
  respond(parts: readonly Uint8Array[], onSent?: () => void): void {
    if (this.closed) {
      onSent?.()
      return
    }
    let size = 0
    for (const part of parts) size += part.length
    const head = Buffer.allocUnsafe(4)
    head.writeInt32BE(size, 0)
    this.channel.write([head, ...parts], onSent)
    this.requestDone()
  }

  /** The current request wants no answer (acks=0). */
  respondNothing(): void {
    if (!this.closed) this.requestDone()
  }

  /** Leaves the connection unread for a while, from now; the answer has been or will be sent at once. */
  throttle(durationMs: number): void {
    const untilMs = this.options.clock.monotonicMs() + durationMs
    if (untilMs <= this.mutedUntilMs) return
    this.mutedUntilMs = untilMs
    this.unmuteTimer?.cancel()
    this.unmuteTimer = this.options.timers.schedule(durationMs, () => {
      this.mutedUntilMs = 0
      this.unmuteTimer = null
      this.proceed()
    })
  }

  /** Closes at once; what waits is dropped. */
  close(reason: Error | null): void {
    if (this.closed) return
    this.reason = reason
    this.channel.destroy()
    this.finish(reason)
  }

  /** Sends what is queued, then closes. */
  end(): void {
    if (!this.closed) this.channel.end()
  }

  private onFrame(frame: Frame): void {
    if (this.closed) {
      frame.release()
      return
    }
    if (!this.busy && this.waiting.length === 0 && this.mayBegin()) {
      this.begin(frame)
      return
    }
    this.waiting.push(frame)
    this.waitingBytes += frame.end - frame.start
    if (this.waiting.length >= MAX_WAITING_FRAMES || this.waitingBytes >= MAX_WAITING_BYTES) {
      this.pauseReading()
    }
  }

  private mayBegin(): boolean {
    return this.mutedUntilMs === 0 && this.channel.queuedBytes < MAX_QUEUED_RESPONSE_BYTES
  }

  private begin(frame: Frame): void {
    this.busy = true
    this.lastActiveMs = this.options.clock.monotonicMs()
    this.options.onRequest(this, frame)
  }

  private requestDone(): void {
    this.busy = false
    this.lastActiveMs = this.options.clock.monotonicMs()
    this.proceed()
  }

  /** Begins what waits, as far as it may; a loop, since a handler may answer at once. */
  private proceeding = false
  private proceed(): void {
    if (this.proceeding) return
    this.proceeding = true
    while (!this.closed && !this.busy && this.waiting.length > 0 && this.mayBegin()) {
      const frame = this.waiting.shift()!
      this.waitingBytes -= frame.end - frame.start
      this.begin(frame)
    }
    this.proceeding = false
    if (
      !this.closed &&
      this.waiting.length < MAX_WAITING_FRAMES / 2 &&
      this.waitingBytes < MAX_WAITING_BYTES
    ) {
      this.resumeReading()
    }
  }

  private pauseReading(): void {
    if (!this.reading) return
    this.reading = false
    this.channel.pause()
  }

  private resumeReading(): void {
    if (this.reading) return
    this.reading = true
    this.channel.resume()
  }

  private finish(error: Error | null): void {
    if (this.closed) return
    this.closed = true
    this.unmuteTimer?.cancel()
    for (const frame of this.waiting) frame.release()
    this.waiting = []
    // Not at once: the receiver may be cutting frames further up the stack.
    this.options.timers.defer(() => this.receiver.close())
    this.options.onClose(this, this.reason ?? error)
  }
}
