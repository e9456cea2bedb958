/**
 * The broker's end of one connection. Requests are handed out strictly one after another, as Apache Kafka
 * mutes a channel until its response is sent; so answers leave in the order of the requests.
 *
 *   frame arrives -> waiting -> (free? begin) -> onRequest -> respond | respondNothing -> next
 *
 * The connection is free unless
 * - a request is being handled;
 * - it is muted for a time, since its client exceeded a quota (`throttle`);
 * - its peer does not take its answers, and too many bytes of them are unsent.
 * What arrives meanwhile waits here, and when too much waits, the socket is not read any more, which the
 * peer notices as a full window.
 *
 * Answers that are ready at once (from handlers that answer inside `onRequest`) leave in one write.
 */
import {
  assert,
  type BufferPool,
  type ByteChannel,
  type ByteSink,
  type Clock,
  type Endpoint,
  InvariantError,
  type TimerHandle,
  type Timers,
} from '@barnabas/base'
import type { Frame } from './frame.ts'
import { FrameReceiver } from './frame-receiver.ts'
import { GatheredWrites } from './gathered-writes.ts'
import type { IdleCandidate, IdleSweep } from './idle-sweep.ts'
import { MAX_QUEUED_RESPONSE_BYTES, MAX_WAITING_BYTES, MAX_WAITING_FRAMES } from './limits.ts'

export interface ServerConnectionOptions {
  channel: ByteChannel
  pool: BufferPool
  clock: Clock
  timers: Timers
  maxRequestBytes: number
  /** Closes the connection when it is quiet for too long. */
  idleSweep?: IdleSweep
  /**
   * One request to handle. Must lead to exactly one of `respond`, `respondNothing` or `close`, now or
   * later. The frame is the handler's to release. What it throws closes the connection.
   */
  onRequest(connection: ServerConnection, frame: Frame): void
  /** The connection is gone; `reason` is null when the peer or `end` closed it in order. Called once, last. */
  onClose(connection: ServerConnection, reason: Error | null): void
}

export class ServerConnection implements ByteSink, IdleCandidate {
  readonly channel: ByteChannel
  /** Monotonic time at which bytes last arrived or an answer was given. */
  lastActiveMs: number
  /** Free for the layer above: what it knows of the peer. */
  peer: unknown = null

  private readonly options: ServerConnectionOptions
  private readonly receiver: FrameReceiver
  private readonly writes: GatheredWrites
  private state: 'open' | 'ending' | 'closed' = 'open'
  private reason: Error | null = null
  private busy = false
  private waiting: Frame[] = []
  private waitingAt = 0
  private waitingBytes = 0
  private muteTimer: TimerHandle | null = null
  /** The time to mute for once the current request is answered. */
  private muteNextMs = 0
  private reading = true
  private proceeding = false

  constructor(options: ServerConnectionOptions) {
    this.options = options
    this.channel = options.channel
    this.lastActiveMs = options.clock.monotonicMs()
    const onFrame = (frame: Frame) => this.enqueue(frame)
    this.receiver = new FrameReceiver(options.pool, options.maxRequestBytes, onFrame, 'server')
    this.writes = new GatheredWrites(options.channel, () => this.onSent())
  }

  get remote(): Endpoint {
    return this.channel.remote
  }

  /** The address the client reached: what it is told when no other is advertised. */
  get local(): Endpoint {
    return this.channel.local
  }

  get isClosed(): boolean {
    return this.state === 'closed'
  }

  /** Whether a request is being handled or waits. */
  get isBusy(): boolean {
    return this.busy || this.waitingFrames > 0
  }

  /** Requests that have arrived and are not handled yet. */
  get waitingFrames(): number {
    return this.waiting.length - this.waitingAt
  }

  /** Bytes of answers not yet handed to the operating system. */
  get unsentBytes(): number {
    return this.writes.unsentBytes
  }

  get maxRequestBytes(): number {
    return this.receiver.maxFrameBytes
  }

  /** For the frames from now on; smaller as long as a client has not authenticated. */
  set maxRequestBytes(value: number) {
    this.receiver.maxFrameBytes = value
  }

  /** Begins to receive. To be called once. */
  start(): void {
    this.options.idleSweep?.add(this)
    this.channel.start(this)
  }

  nextBuffer(): Uint8Array {
    return this.receiver.nextBuffer()
  }

  onBytes(length: number): void {
    this.touch()
    try {
      this.receiver.onBytes(length)
    } catch (error) {
      this.fail(error)
    }
    this.proceed()
  }

  onClose(error: Error | null): void {
    this.receiver.close()
    this.finish(error)
  }

  /**
   * Answers the current request. The parts (without a size) must stay unchanged until `onSent`, which is
   * called also when the connection ends first.
   */
  respond(parts: readonly Uint8Array[], onSent?: () => void): void {
    if (this.state !== 'open') {
      onSent?.()
      return
    }
    this.requestDone()
    this.writes.add(parts, onSent)
    this.proceed()
  }

  /** The current request wants no answer (acks=0). */
  respondNothing(): void {
    if (this.state !== 'open') return
    this.requestDone()
    this.proceed()
  }

  /**
   * Begins no further request for a while. To be called before the current request is answered: it is
   * answered at once, so that the client learns of its throttling, and the time counts from then (KIP-219).
   */
  throttle(durationMs: number): void {
    if (this.busy) this.muteNextMs = Math.max(this.muteNextMs, durationMs)
    else this.mute(durationMs)
  }

  /** Closes at once; what waits is dropped, and answers not yet sent may be lost. */
  close(reason: Error | null): void {
    if (this.state === 'closed') return
    this.reason ??= reason
    this.receiver.stop()
    this.channel.destroy()
    this.finish(null)
  }

  /** Begins no further request, sends what has been answered, then closes. */
  end(reason: Error | null = null): void {
    if (this.state !== 'open') return
    this.reason = reason
    this.receiver.stop()
    this.writes.flush()
    this.state = 'ending'
    this.dropWaiting()
    this.channel.end()
  }

  private enqueue(frame: Frame): void {
    this.waiting.push(frame)
    this.waitingBytes += frame.sizeBytes
  }

  private onSent(): void {
    if (this.waitingFrames > 0) this.proceed()
  }

  private get isFree(): boolean {
    return (
      !this.busy &&
      this.state === 'open' &&
      this.muteTimer === null &&
      this.writes.unsentBytes < MAX_QUEUED_RESPONSE_BYTES
    )
  }

  /** Begins what waits, as far as it may; a loop and never nested, since handlers may answer at once. */
  private proceed(): void {
    if (this.proceeding) return
    this.proceeding = true
    try {
      while (this.waitingFrames > 0 && this.isFree) {
        this.busy = true
        this.options.onRequest(this, this.takeWaiting())
      }
      if (this.state === 'open') this.writes.flush()
    } catch (error) {
      this.fail(error)
    } finally {
      this.proceeding = false
    }
    this.steerReading()
  }

  private takeWaiting(): Frame {
    const frame = this.waiting[this.waitingAt++]!
    this.waitingBytes -= frame.sizeBytes
    if (this.waitingAt === this.waiting.length) {
      this.waiting = []
      this.waitingAt = 0
    }
    return frame
  }

  private requestDone(): void {
    assert(this.busy, 'an answer without a request')
    this.busy = false
    // Answers given while the connection is at work count as active from its last bytes.
    if (!this.proceeding) this.touch()
    const durationMs = this.muteNextMs
    this.muteNextMs = 0
    if (durationMs > 0) this.mute(durationMs)
  }

  private mute(durationMs: number): void {
    if (this.state !== 'open' || durationMs <= 0) return
    this.muteTimer?.cancel()
    this.muteTimer = this.options.timers.schedule(durationMs, () => {
      this.muteTimer = null
      this.touch()
      this.proceed()
    })
  }

  private steerReading(): void {
    if (this.state !== 'open') return
    const room = this.waitingFrames < MAX_WAITING_FRAMES && this.waitingBytes < MAX_WAITING_BYTES
    if (room === this.reading) return
    this.reading = room
    if (room) this.channel.resume()
    else this.channel.pause()
  }

  private touch(): void {
    this.lastActiveMs = this.options.clock.monotonicMs()
  }

  private fail(error: unknown): void {
    this.close(error instanceof Error ? error : new Error(String(error)))
    if (error instanceof InvariantError) throw error
  }

  private dropWaiting(): void {
    const dropped = this.waiting.slice(this.waitingAt)
    this.waiting = []
    this.waitingAt = 0
    this.waitingBytes = 0
    for (const frame of dropped) frame.release()
  }

  private finish(error: Error | null): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    this.options.idleSweep?.remove(this)
    this.muteTimer?.cancel()
    this.muteTimer = null
    this.dropWaiting()
    this.writes.discard()
    this.options.onClose(this, this.reason ?? error)
  }
}
