/**
 * The client's end of one connection: requests go out as they come, responses return in the same order
 * and are matched by correlation id. A response of the wrong id, a time-out or a lost connection fails
 * everything in flight, since none of it can be told apart any more.
 */
import type { BufferPool, ByteChannel, ByteSink, TimerHandle, Timers } from '@barnabas/base'
import { DisconnectedError, InFlightLimitError, RequestTimeoutError } from './errors.ts'
import type { Frame } from './frame.ts'
import { FrameReceiver } from './frame-receiver.ts'
import { GatheredWrites } from './gathered-writes.ts'
import type { IdleCandidate, IdleSweep } from './idle-sweep.ts'
import { MAX_IN_FLIGHT_REQUESTS } from './limits.ts'

interface InFlight {
  correlationId: number
  timer: TimerHandle
  resolve(frame: Frame): void
  reject(error: Error): void
}

export interface ClientConnectionOptions {
  channel: ByteChannel
  pool: BufferPool
  timers: Timers
  maxResponseBytes: number
  /** Requests that may be unanswered at once. */
  maxInFlight?: number
  /** Closes the connection when it is quiet for too long. */
  idleSweep?: IdleSweep
  /** The connection is gone and all requests have failed. Null when it was closed in order. */
  onClose?(error: Error | null): void
}

export class ClientConnection implements ByteSink, IdleCandidate {
  /** Monotonic time at which bytes last went or came; kept only for an idle sweep. */
  lastActiveMs = 0
  private readonly options: ClientConnectionOptions
  private readonly receiver: FrameReceiver
  private readonly writes: GatheredWrites
  private readonly maxInFlight: number
  private readonly inFlight: InFlight[] = []
  private closed = false

  /** Begins to receive at once. */
  constructor(options: ClientConnectionOptions) {
    const { channel, pool, maxResponseBytes, idleSweep } = options
    this.options = options
    this.maxInFlight = options.maxInFlight ?? MAX_IN_FLIGHT_REQUESTS
    const onFrame = (frame: Frame) => this.onFrame(frame)
    this.receiver = new FrameReceiver(pool, maxResponseBytes, onFrame, 'client')
    this.writes = new GatheredWrites(channel, () => {})
    this.touch()
    idleSweep?.add(this)
    channel.start(this)
  }

  get isClosed(): boolean {
    return this.closed
  }

  get isBusy(): boolean {
    return this.inFlight.length > 0
  }

  get inFlightCount(): number {
    return this.inFlight.length
  }

  /** Whether `send` would be refused because too much is unanswered, or the connection is closed. */
  get canSend(): boolean {
    return !this.closed && this.inFlight.length < this.maxInFlight
  }

  /** Bytes of requests not yet handed to the operating system. */
  get unsentBytes(): number {
    return this.writes.unsentBytes
  }

  /**
   * Sends a request (header included) and resolves to the response's frame, which the caller releases.
   * The parts must stay unchanged until then. With `timeoutMs` past, the connection is closed: a late
   * answer could not be told from the next one's.
   */
  send(correlationId: number, parts: readonly Uint8Array[], timeoutMs: number): Promise<Frame> {
    if (this.closed) return Promise.reject(this.disconnected('is closed'))
    if (!this.canSend) return Promise.reject(new InFlightLimitError(this.maxInFlight))
    return new Promise((resolve, reject) => {
      const timer = this.options.timers.schedule(timeoutMs, () => this.onTimeout(timeoutMs))
      this.inFlight.push({ correlationId, timer, resolve, reject })
      this.write(parts)
    })
  }

  /** Sends a request that has no response (acks=0). The parts must stay unchanged until `onSent`. */
  sendOnly(parts: readonly Uint8Array[], onSent?: () => void): void {
    if (this.closed) onSent?.()
    else this.write(parts, onSent)
  }

  nextBuffer(): Uint8Array {
    return this.receiver.nextBuffer()
  }

  onBytes(length: number): void {
    if (this.closed) return
    this.touch()
    try {
      this.receiver.onBytes(length)
    } catch (error) {
      this.close(error as Error)
    }
  }

  onClose(error: Error | null): void {
    this.receiver.close()
    this.finish(error)
  }

  /** Closes at once and fails what is in flight. */
  close(error: Error | null = null): void {
    if (this.closed) return
    this.receiver.stop()
    this.options.channel.destroy()
    this.finish(error)
  }

  private write(parts: readonly Uint8Array[], onSent?: () => void): void {
    this.touch()
    this.writes.add(parts, onSent)
    this.writes.flush()
  }

  private onFrame(frame: Frame): void {
    const correlationId = frame.sizeBytes >= 4 ? frame.buffer.readInt32BE(frame.start) : -1
    const first = this.inFlight[0]
    if (first === undefined || first.correlationId !== correlationId) {
      frame.release()
      this.close(this.disconnected(`answered correlation id ${correlationId}, which was not asked`))
      return
    }
    this.inFlight.shift()
    first.timer.cancel()
    first.resolve(frame)
  }

  private onTimeout(timeoutMs: number): void {
    const peer = this.peer
    this.close(new RequestTimeoutError(`no answer from ${peer} within ${timeoutMs} ms`))
  }

  private finish(error: Error | null): void {
    if (this.closed) return
    this.closed = true
    this.options.idleSweep?.remove(this)
    this.writes.discard()
    const failure =
      error instanceof DisconnectedError ? error : this.disconnected('was lost', error)
    for (const request of this.inFlight.splice(0)) {
      request.timer.cancel()
      request.reject(failure)
    }
    this.options.onClose?.(error)
  }

  private touch(): void {
    const { idleSweep } = this.options
    if (idleSweep) this.lastActiveMs = idleSweep.nowMs
  }

  private get peer(): string {
    const { host, port } = this.options.channel.remote
    return `${host}:${port}`
  }

  private disconnected(what: string, cause?: Error | null): DisconnectedError {
    const why = cause ? `: ${cause.message}` : ''
    return new DisconnectedError(`the connection to ${this.peer} ${what}${why}`, cause ?? undefined)
  }
}
