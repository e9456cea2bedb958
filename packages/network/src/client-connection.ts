/**
 * The client's end of one connection: requests go out as they come, responses return in the same order
 * and are matched by correlation id. A response of the wrong id, a time-out or a lost connection fails
 * everything in flight, since none of it can be told apart any more.
 */
import {
  type BufferPool,
  type ByteChannel,
  type ByteSink,
  EnvironmentError,
  type TimerHandle,
  type Timers,
} from '@barnabas/base'
import { type Frame, FrameReceiver } from './frame-receiver.ts'
import { MAX_IN_FLIGHT_REQUESTS } from './limits.ts'

/** The connection cannot answer any more; sending again over another one may help. */
export class DisconnectedError extends EnvironmentError {
  override readonly name = 'DisconnectedError'

  constructor(message: string, cause?: unknown) {
    super('BARNABAS_DISCONNECTED', message, { cause, retriable: true })
  }
}

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
  onClose?(error: Error | null): void
}

export class ClientConnection implements ByteSink {
  private readonly options: ClientConnectionOptions
  private readonly receiver: FrameReceiver
  private readonly inFlight: InFlight[] = []
  private closed = false

  constructor(options: ClientConnectionOptions) {
    this.options = options
    this.receiver = new FrameReceiver(options.pool, options.maxResponseBytes, (frame) =>
      this.onFrame(frame),
    )
    options.channel.start(this)
  }

  get isClosed(): boolean {
    return this.closed
  }

  get inFlightCount(): number {
    return this.inFlight.length
  }

  /**
   * Sends a request (header included) and resolves to the response's frame, which the caller releases.
   * With `timeoutMs` past, the connection is closed: a late answer could not be told from the next one's.
   */
  send(correlationId: number, parts: readonly Uint8Array[], timeoutMs: number): Promise<Frame> {
    if (this.closed) return Promise.reject(new DisconnectedError('the connection is closed'))
    if (this.inFlight.length >= MAX_IN_FLIGHT_REQUESTS) {
      return Promise.reject(
        new DisconnectedError(`${MAX_IN_FLIGHT_REQUESTS} requests are in flight already`),
      )
    }
    return new Promise((resolve, reject) => {
      const timer = this.options.timers.schedule(timeoutMs, () =>
        this.close(new DisconnectedError(`no answer within ${timeoutMs} ms`)),
      )
      this.inFlight.push({ correlationId, timer, resolve, reject })
      this.write(parts)
    })
  }

  /** Sends a request that has no response (acks=0). */
  sendOnly(parts: readonly Uint8Array[]): void {
    if (!this.closed) this.write(parts)
  }

  nextBuffer(): Uint8Array {
    return this.receiver.nextBuffer()
  }

  onBytes(length: number): void {
    if (this.closed) return
    try {
      this.receiver.onBytes(length)
    } catch (error) {
      this.close(error as Error)
    }
  }

  onClose(error: Error | null): void {
    this.finish(error)
  }

  close(error: Error | null = null): void {
    if (this.closed) return
    this.options.channel.destroy()
    this.finish(error)
  }

  private write(parts: readonly Uint8Array[]): void {
    let size = 0
    for (const part of parts) size += part.length
    const head = Buffer.allocUnsafe(4)
    head.writeInt32BE(size, 0)
    this.options.channel.write([head, ...parts])
  }

  private onFrame(frame: Frame): void {
    const first = this.inFlight.shift()
    const correlationId = frame.end - frame.start >= 4 ? frame.buffer.readInt32BE(frame.start) : -1
    if (first === undefined || first.correlationId !== correlationId) {
      frame.release()
      first?.timer.cancel()
      const error = new DisconnectedError(
        `an answer of correlation id ${correlationId} was not asked for`,
      )
      first?.reject(error)
      this.close(error)
      return
    }
    first.timer.cancel()
    first.resolve(frame)
  }

  private finish(error: Error | null): void {
    if (this.closed) return
    this.closed = true
    const failure =
      error instanceof DisconnectedError
        ? error
        : new DisconnectedError('the connection was lost', error)
    for (const request of this.inFlight.splice(0)) {
      request.timer.cancel()
      request.reject(failure)
    }
    this.options.timers.defer(() => this.receiver.close())
    this.options.onClose?.(error)
  }
}
