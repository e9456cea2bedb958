/**
 * One lane's way to one broker: a connection that is made when it is needed, and made again after an
 * exponential back-off when it is lost.
 *
 *   idle ──(send, open)──> opening ──(negotiated)──> ready ──(lost, idle too long)──> idle
 *                             └──(failed)──> idle, not before the back-off is over
 *
 * Requests wait while there is no connection, while too much is unanswered, and while the broker has
 * throttled us. A connection that fails to come up fails all that waits.
 */
import type { BufferPool, Endpoint, TimerHandle, World } from '@barnabas/base'
import { ClientConnection, type Frame, type IdleSweep } from '@barnabas/network'
import {
  apiByKey,
  type ApiDescriptor,
  Reader,
  readResponseHeader,
  responseHeaderVersion,
  Writer,
  writeRequestHeader,
} from '@barnabas/protocol'
import { channels } from '../diagnostics.ts'
import {
  asClientError,
  AuthenticationError,
  type ClientError,
  ConnectionError,
  UnsupportedError,
} from '../errors.ts'
import { MAX_RESPONSE_BYTES, SESSION_RENEWAL_SHARE } from '../limits.ts'
import type { ClientSettings } from '../options.ts'
import type { SaslMechanism } from '../sasl/mechanism.ts'
import { SOFTWARE_VERSION } from '../version.ts'
import { backoffMs } from './backoff.ts'
import type { BrokerVersions } from './broker-versions.ts'
import { handshake } from './handshake.ts'
import type { Lane } from './lane.ts'
import type { ClientRequest } from './request.ts'

export interface LinkContext {
  world: World
  settings: ClientSettings
  sasl: SaslMechanism | null
  pool: BufferPool
  idleSweep: IdleSweep
  /** Something has happened that managers may wait for. */
  onEvent(): void
}

type Opened = { connection: ClientConnection; versions: BrokerVersions }

export class BrokerLink {
  /** Negative for a bootstrap server, until it is known which broker it is. */
  nodeId: number
  readonly endpoint: Endpoint
  readonly lane: Lane
  private readonly context: LinkContext
  private readonly waiting: ClientRequest[] = []
  private opened: Opened | null = null
  private opening: AbortController | null = null
  private timer: TimerHandle | null = null
  private correlationId = 0
  private failures = 0
  private retryAtMs = 0
  private mutedUntilMs = 0
  private renewAtMs = Number.POSITIVE_INFINITY
  private closed = false

  constructor(nodeId: number, endpoint: Endpoint, lane: Lane, context: LinkContext) {
    this.nodeId = nodeId
    this.endpoint = endpoint
    this.lane = lane
    this.context = context
  }

  /** For errors and events. */
  get name(): string {
    const { host, port } = this.endpoint
    return `${host}:${port}${this.nodeId >= 0 ? ` (id ${this.nodeId})` : ''}`
  }

  get versions(): BrokerVersions | null {
    return this.opened?.versions ?? null
  }

  /** Lower is better, for requests that any broker can answer. */
  get load(): number {
    if (this.opened !== null) return this.opened.connection.inFlightCount + this.waiting.length
    if (this.opening !== null) return 1000 + this.waiting.length
    return this.retryAtMs > this.nowMs ? 3000 + this.failures : 2000
  }

  /** Whether a request would go out at once; begins to connect when there is no connection. */
  isReady(): boolean {
    if (this.opened === null) {
      this.open()
      return false
    }
    return this.waiting.length === 0 && this.hasRoom(this.opened)
  }

  send(request: ClientRequest): void {
    if (this.closed) {
      const error = new ConnectionError('the client was closed', { broker: this.name })
      request.onFailure(error, { nowMs: this.nowMs, nodeId: this.nodeId })
      return
    }
    this.waiting.push(request)
    this.flush()
  }

  /** Fails what waits and what is unanswered. */
  close(error: ClientError): void {
    if (this.closed) return
    this.closed = true
    this.timer?.cancel()
    this.opening?.abort()
    this.failWaiting(error)
    this.opened?.connection.close(error)
    this.opened = null
  }

  private get nowMs(): number {
    return this.context.world.clock.monotonicMs()
  }

  private hasRoom(opened: Opened): boolean {
    const nowMs = this.nowMs
    if (nowMs >= this.renewAtMs) return this.renew(opened)
    if (this.mutedUntilMs > nowMs) {
      this.wakeAt(this.mutedUntilMs)
      return false
    }
    return !opened.connection.isClosed && opened.connection.inFlightCount < this.lane.maxInFlight
  }

  /** The authentication is about to expire: no more requests, and a new connection once all is answered. */
  private renew(opened: Opened): false {
    if (opened.connection.inFlightCount === 0) {
      this.opened = null
      opened.connection.close()
      this.open()
    }
    return false
  }

  private flush(): void {
    if (this.opened === null) {
      this.open()
      return
    }
    while (this.waiting.length > 0 && this.opened !== null && this.hasRoom(this.opened)) {
      this.transmit(this.waiting.shift()!, this.opened)
    }
  }

  private open(): void {
    if (this.closed || this.opening !== null || this.opened !== null) return
    if (this.retryAtMs > this.nowMs) {
      this.wakeAt(this.retryAtMs)
      return
    }
    const abort = new AbortController()
    this.opening = abort
    this.connect(abort).then(
      (opened) => this.onOpened(opened),
      (error) => this.onOpenFailed(error),
    )
  }

  private async connect(abort: AbortController): Promise<Opened> {
    const { world, settings, sasl, pool, idleSweep } = this.context
    const channel = await world.transport.connect(this.endpoint, {
      timeoutMs: settings.connectionSetupTimeoutMs,
      signal: abort.signal,
      ...(settings.tls && { tls: settings.tls }),
    })
    const connection = new ClientConnection({
      channel,
      pool,
      timers: world.timers,
      maxResponseBytes: MAX_RESPONSE_BYTES,
      idleSweep,
      onClose: (error) => this.onLost(connection, error),
    })
    try {
      const result = await handshake(connection, {
        clientId: settings.clientId,
        softwareVersion: SOFTWARE_VERSION,
        sasl,
        timeoutMs: settings.requestTimeoutMs,
      })
      this.correlationId = result.correlationId
      this.renewAtMs =
        result.sessionLifetimeMs > 0
          ? this.nowMs + result.sessionLifetimeMs * SESSION_RENEWAL_SHARE
          : Number.POSITIVE_INFINITY
      return { connection, versions: result.versions }
    } catch (error) {
      connection.close()
      throw error
    }
  }

  private onOpened(opened: Opened): void {
    this.opening = null
    if (this.closed) {
      opened.connection.close()
      return
    }
    if (opened.connection.isClosed) {
      this.onOpenFailed(new ConnectionError('the connection was lost at once'))
      return
    }
    this.failures = 0
    this.opened = opened
    if (channels.connect.hasSubscribers) channels.connect.publish(this.event())
    this.flush()
    this.context.onEvent()
  }

  private onOpenFailed(cause: unknown): void {
    this.opening = null
    if (this.closed) return
    this.failures++
    const { settings, world } = this.context
    this.retryAtMs = this.nowMs + backoffMs(settings.reconnectBackoff, this.failures, world.entropy)
    const error = this.explained(cause)
    world.log.debug(`no connection: ${error.message}`)
    this.failWaiting(error)
    this.context.onEvent()
  }

  private explained(cause: unknown): ClientError {
    const broker = this.name
    if (cause instanceof AuthenticationError) {
      return new AuthenticationError(cause.message, { broker, cause })
    }
    const error = asClientError(cause, { broker })
    const { sasl, settings } = this.context
    // A broker that wants SASL or TLS just hangs up on who speaks without.
    const isHungUp = error.code === 'BARNABAS_DISCONNECTED' || error.code === 'BARNABAS_CONNECTION'
    if (isHungUp && sasl === null && settings.tls === null) {
      return new ConnectionError(`the broker closed the connection: ${error.message}`, {
        broker,
        cause,
        hint: 'if it happens each time, the listener may expect TLS or SASL: see the options tls and sasl',
      })
    }
    return error
  }

  /** The connection is gone. What was unanswered has failed already. */
  private onLost(connection: ClientConnection, error: Error | null): void {
    if (this.opened?.connection !== connection) return
    this.opened = null
    if (this.closed) return
    this.retryAtMs = error === null ? 0 : this.nowMs + this.firstBackoffMs()
    if (channels.disconnect.hasSubscribers) channels.disconnect.publish({ ...this.event(), error })
    if (this.waiting.length > 0) this.open()
    this.context.onEvent()
  }

  private firstBackoffMs(): number {
    const { settings, world } = this.context
    return backoffMs(settings.reconnectBackoff, 1, world.entropy)
  }

  private transmit(request: ClientRequest, { connection, versions }: Opened): void {
    const version = versions.pick(request.request, request.minVersion, request.maxVersion)
    if (version === null) {
      this.fail(request, this.unsupported(request, versions))
      return
    }
    const api = apiByKey(request.request.apiKey)!
    const correlationId = this.nextCorrelationId()
    let parts: Uint8Array[]
    try {
      const writer = new Writer()
      writeRequestHeader(writer, api, version, correlationId, this.context.settings.clientId)
      request.request.write(writer, request.build(version, versions), version)
      parts = writer.finish()
    } catch (error) {
      this.fail(request, asClientError(error, { broker: this.name }))
      return
    }
    if (channels.request.hasSubscribers) this.publishRequest(api, version, correlationId)
    if (request.isAnswered === false) {
      connection.sendOnly(parts, () => {
        request.onSent?.(this.nowMs)
        this.context.onEvent()
      })
      return
    }
    const sentMs = this.nowMs
    connection.send(correlationId, parts, request.timeoutMs).then(
      (frame) => this.onFrame(request, api, version, frame, sentMs),
      (error) => this.onRequestFailed(request, error),
    )
  }

  private onFrame(
    request: ClientRequest,
    api: ApiDescriptor,
    version: number,
    frame: Frame,
    sentMs: number,
  ): void {
    const nowMs = this.nowMs
    let answer: any
    try {
      const reader = new Reader(frame.buffer, frame.start, frame.end)
      readResponseHeader(reader, responseHeaderVersion(api, version))
      answer = request.response.read(reader, version)
    } catch (error) {
      frame.release()
      const broken = asClientError(error, { broker: this.name })
      this.opened?.connection.close(broken)
      this.fail(request, broken)
      this.context.onEvent()
      return
    }
    if (channels.response.hasSubscribers) {
      const sizeBytes = frame.sizeBytes
      this.publishRequest(api, version, -1, { durationMs: nowMs - sentMs, sizeBytes })
    }
    const throttleMs: unknown = answer.throttleTimeMs
    if (typeof throttleMs === 'number' && throttleMs > 0) this.mutedUntilMs = nowMs + throttleMs
    request.onAnswer(answer, { nowMs, version, nodeId: this.nodeId, broker: this.name })
    if (request.keepsAnswer !== true) frame.release()
    this.flush()
    this.context.onEvent()
  }

  private onRequestFailed(request: ClientRequest, error: unknown): void {
    this.fail(request, asClientError(error, { broker: this.name }))
    this.flush()
    this.context.onEvent()
  }

  private fail(request: ClientRequest, error: ClientError): void {
    request.onFailure(error, { nowMs: this.nowMs, nodeId: this.nodeId })
  }

  private failWaiting(error: ClientError): void {
    for (const request of this.waiting.splice(0)) this.fail(request, error)
  }

  private unsupported(request: ClientRequest, versions: BrokerVersions): UnsupportedError {
    const { request: type, minVersion = type.minVersion, maxVersion = type.maxVersion } = request
    const low = Math.max(minVersion, type.minVersion)
    const high = Math.min(maxVersion, type.maxVersion)
    return new UnsupportedError(
      `the broker serves ${versions.describe(type.apiKey)} of ${type.name}, needed is one of ${low} to ${high}`,
      { broker: this.name, hint: 'the broker is too old or too new for this call' },
    )
  }

  private nextCorrelationId(): number {
    const id = this.correlationId
    this.correlationId = (id + 1) & 0x7fffffff
    return id
  }

  private wakeAt(atMs: number): void {
    if (this.timer !== null) return
    this.timer = this.context.world.timers.schedule(Math.max(0, atMs - this.nowMs), () => {
      this.timer = null
      if (this.closed) return
      if (this.waiting.length > 0) this.flush()
      this.context.onEvent()
    })
  }

  private event() {
    const { clientId } = this.context.settings
    const { host, port } = this.endpoint
    return { clientId, nodeId: this.nodeId, host, port, lane: this.lane.name }
  }

  private publishRequest(
    api: ApiDescriptor,
    version: number,
    correlationId: number,
    more?: { durationMs: number; sizeBytes: number },
  ): void {
    const { clientId } = this.context.settings
    const event = { clientId, nodeId: this.nodeId, api: api.name, version, lane: this.lane.name }
    if (more) channels.response.publish({ ...event, correlationId, ...more })
    else channels.request.publish({ ...event, correlationId })
  }
}
