/**
 * One listener at work: accepts connections as far as the limits allow, and joins each to the request
 * pipeline. Knows nothing of what requests mean.
 */
import {
  type BufferPool,
  type ByteChannel,
  type Endpoint,
  InvariantError,
  type Listener,
  type Logger,
  MalformedError,
  type SharedBytes,
  type Timers,
  type TlsServerOptions,
  type World,
} from '@barnabas/base'
import {
  type ConnectionLimits,
  type Frame,
  type IdleSweep,
  ServerConnection,
} from '@barnabas/network'
import type { ConnectionInfo } from '../request/request-context.ts'
import type {
  PipelineCloseReason,
  ReplyChannel,
  RequestPipeline,
} from '../request/request-pipeline.ts'
import { ANONYMOUS, type Principal } from '../security/authorizer.ts'
import type { ListenerSettings } from '../settings/listeners.ts'

export interface ListenerServerOptions {
  world: World
  settings: ListenerSettings
  pipeline: RequestPipeline
  pool: BufferPool
  idleSweep: IdleSweep
  limits: ConnectionLimits
  maxRequestBytes: number
  backlog: number
  tls?: TlsServerOptions
}

export class ListenerServer {
  readonly settings: ListenerSettings
  private readonly options: ListenerServerOptions
  private readonly log: Logger
  private readonly connections = new Set<BrokerConnection>()
  private listener: Listener | null = null
  private accepted = 0
  /** Connections that came before `serve`. */
  private held: ByteChannel[] | null = []
  private isClosing = false

  private constructor(options: ListenerServerOptions) {
    this.options = options
    this.settings = options.settings
    this.log = options.world.log.child(`[listener ${options.settings.name}]`)
  }

  /** Resolves when clients can connect. They are not served before `serve`. */
  static async bind(options: ListenerServerOptions): Promise<ListenerServer> {
    const server = new ListenerServer(options)
    const { settings, world, backlog, tls } = options
    server.listener = await world.transport.listen(
      { host: settings.host, port: settings.port },
      (channel) => server.accept(channel),
      { backlog, ...(tls === undefined ? {} : { tls }) },
    )
    return server
  }

  get address(): Endpoint {
    return this.listener!.address
  }

  get connectionCount(): number {
    return this.connections.size
  }

  /** From now on requests are answered. */
  serve(): void {
    const { held } = this
    this.held = null
    for (const channel of held ?? []) this.admit(channel)
  }

  /** Accepts nothing more; connections go on. Resolves when the port is free. */
  async stopAccepting(): Promise<void> {
    await this.listener?.close()
  }

  /** Ends all connections as well; answers that were given are still sent. */
  async close(): Promise<void> {
    this.isClosing = true
    await this.stopAccepting()
    for (const channel of this.held ?? []) channel.destroy()
    this.held = []
    for (const connection of this.connections) connection.end()
  }

  /** Before `serve` connections are accepted, but nothing they ask is answered. */
  private accept(channel: ByteChannel): void {
    if (this.held !== null) this.held.push(channel)
    else this.admit(channel)
  }

  private admit(channel: ByteChannel): void {
    const { limits, world } = this.options
    const ip = channel.remote.host
    const admission = limits.admit(ip, this.settings.name, world.clock.monotonicMs())
    const { delayMs } = admission
    if (!admission.admitted) {
      this.log.warn('connection refused', { remote: ip, reason: admission.reason })
      later(world.timers, delayMs, () => channel.destroy())
      return
    }
    later(world.timers, delayMs, () => this.begin(channel, ip))
  }

  private begin(channel: ByteChannel, ip: string): void {
    if (this.isClosing) {
      this.options.limits.leave(ip, this.settings.name)
      channel.destroy()
      return
    }
    const connection = new BrokerConnection(this.options, channel, ++this.accepted, (reason) => {
      this.connections.delete(connection)
      this.options.limits.leave(ip, this.settings.name)
      this.logClose(connection, reason)
    })
    this.connections.add(connection)
    connection.start()
  }

  private logClose(connection: BrokerConnection, reason: Error | null): void {
    const fields = { connection: connection.id, reason: reason?.message ?? 'closed by the peer' }
    if (reason instanceof InvariantError) this.log.error('connection closed', fields)
    else if (reason instanceof MalformedError) this.log.warn('connection closed', fields)
    else this.log.debug('connection closed', fields)
  }
}

/** A connection as handlers see it, and where the answers to its requests go. */
class BrokerConnection implements ConnectionInfo, ReplyChannel {
  readonly id: string
  readonly listener: string
  readonly securityProtocol: ConnectionInfo['securityProtocol']
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly host: string
  principal: Principal = ANONYMOUS
  clientSoftware: ConnectionInfo['clientSoftware'] = null
  private readonly connection: ServerConnection
  private readonly pipeline: RequestPipeline
  /** The memory of the request that is being handled. */
  private frame: SharedBytes | null = null

  constructor(
    options: ListenerServerOptions,
    channel: ByteChannel,
    sequence: number,
    onClose: (reason: Error | null) => void,
  ) {
    const { settings, world } = options
    const { local, remote } = channel
    this.id = `${local.host}:${local.port}-${remote.host}:${remote.port}-${sequence}`
    this.listener = settings.name
    this.securityProtocol = settings.securityProtocol
    this.local = local
    this.remote = remote
    this.host = remote.host.replace(/^::ffff:(?=\d+\.)/, '')
    this.pipeline = options.pipeline
    this.connection = new ServerConnection({
      channel,
      pool: options.pool,
      clock: world.clock,
      timers: world.timers,
      maxRequestBytes: options.maxRequestBytes,
      idleSweep: options.idleSweep,
      onRequest: (_connection, frame) => this.onRequest(frame),
      onClose: (_connection, reason) => onClose(reason),
    })
  }

  start(): void {
    this.connection.start()
  }

  respond(parts: readonly Uint8Array[], onSent?: () => void): void {
    this.releaseFrame()
    this.connection.respond(parts, onSent)
  }

  complete(): void {
    this.releaseFrame()
    this.connection.respondNothing()
  }

  close(_reason: PipelineCloseReason, error: Error | null): void {
    this.releaseFrame()
    this.connection.close(error)
  }

  muteFor(durationMs: number): void {
    this.connection.throttle(durationMs)
  }

  end(): void {
    this.connection.end()
  }

  private onRequest(frame: Frame): void {
    this.frame = frame
    this.pipeline.process(frame, this, this)
  }

  private releaseFrame(): void {
    const { frame } = this
    this.frame = null
    frame?.release()
  }
}

function later(timers: Timers, delayMs: number, run: () => void): void {
  if (delayMs > 0) timers.schedule(delayMs, run)
  else run()
}
