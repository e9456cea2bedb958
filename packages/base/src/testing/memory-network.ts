/**
 * Connections in memory: `Transport`s of named hosts that reach one another. Bytes arrive later than they
 * are sent, after a delay or at least after the work under way; in order, whole, and in pieces as small
 * as a test asks for. Links can be cut (bytes wait, as under TCP) and connections reset.
 */
import { EnvironmentError } from '../errors.ts'
import type {
  ByteChannel,
  Endpoint,
  Listener,
  ListenOptions,
  Timers,
  TlsClientOptions,
  Transport,
} from '../world.ts'
import { type ChannelNetwork, MemoryChannel } from './memory-channel.ts'

const FIRST_EPHEMERAL_PORT = 32_768
/** As the real transport. */
const CONNECT_TIMEOUT_MS = 10_000

const LOCAL_NAMES = new Set(['', 'localhost', '127.0.0.1', '0.0.0.0', '::', '::1'])

interface OpenListener {
  onChannel: (channel: ByteChannel) => void
  tls: boolean
}

export interface MemoryNetworkOptions {
  timers: Timers
  /** Milliseconds that bytes take from one host to another; none when absent. */
  latencyMs?: (from: string, to: string) => number
  /** Most bytes delivered as one piece; the receiver's place decides when absent. */
  pieceBytesMax?: () => number
}

export class MemoryNetwork implements ChannelNetwork {
  readonly timers: Timers
  /** May be replaced at any time. */
  latencyMs: (from: string, to: string) => number
  /** May be replaced at any time. */
  pieceBytesMax: () => number
  private readonly listeners = new Map<string, OpenListener>()
  private readonly channels = new Set<MemoryChannel>()
  private readonly cuts = new Set<string>()
  private nextPort = FIRST_EPHEMERAL_PORT

  constructor(options: MemoryNetworkOptions) {
    this.timers = options.timers
    this.latencyMs = options.latencyMs ?? (() => 0)
    this.pieceBytesMax = options.pieceBytesMax ?? (() => Number.POSITIVE_INFINITY)
  }

  /** The transport of one host. `localhost` and the wildcard addresses mean the host itself. */
  transport(host = 'localhost'): Transport {
    return {
      connect: (to, options) => this.connect(host, to, options),
      listen: (at, onChannel, options) => this.listen(host, at, onChannel, options),
    }
  }

  /** From now on nothing gets from one host to the other, in either direction, until `heal`. */
  cut(one: string, other: string): void {
    this.cuts.add(linkOf(one, other))
  }

  /** Mends one link, or all; what was sent meanwhile arrives. */
  heal(one?: string, other?: string): void {
    if (one !== undefined && other !== undefined) this.cuts.delete(linkOf(one, other))
    else this.cuts.clear()
    for (const channel of [...this.channels]) channel.onHeal()
  }

  isCut(one: string, other: string): boolean {
    return this.cuts.has(linkOf(one, other))
  }

  /** Every connection of the host (or between the two) breaks, with an error on both ends. */
  reset(host: string, other?: string): void {
    for (const channel of [...this.channels]) {
      const ends = [channel.localHost, channel.remoteHost]
      if (!ends.includes(host) || (other !== undefined && !ends.includes(other))) continue
      channel.breakWith(
        new EnvironmentError('BARNABAS_CONNECTION', 'the connection was reset', {
          retriable: true,
        }),
      )
    }
  }

  /** The host's process dies: its listeners are gone, its connections end. */
  stop(host: string): void {
    for (const place of [...this.listeners.keys()]) {
      if (place.startsWith(`${host}:`)) this.listeners.delete(place)
    }
    for (const channel of [...this.channels]) if (channel.localHost === host) channel.destroy()
  }

  /** Channels that are open on either end. */
  get openChannels(): number {
    return this.channels.size
  }

  /** @internal */
  forget(channel: MemoryChannel): void {
    this.channels.delete(channel)
  }

  private async listen(
    host: string,
    at: Endpoint,
    onChannel: (channel: ByteChannel) => void,
    options?: ListenOptions,
  ): Promise<Listener> {
    const port = at.port === 0 ? this.nextPort++ : at.port
    const place = placeOf(host, at.host, port)
    if (this.listeners.has(place)) {
      throw new EnvironmentError('BARNABAS_LISTEN', `${place} is in use`)
    }
    const listener = { onChannel, tls: options?.tls !== undefined }
    this.listeners.set(place, listener)
    return {
      address: { host: at.host, port },
      close: async () => {
        if (this.listeners.get(place) === listener) this.listeners.delete(place)
      },
    }
  }

  private connect(
    host: string,
    to: Endpoint,
    options: { tls?: TlsClientOptions; timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<ByteChannel> {
    const target = LOCAL_NAMES.has(to.host) ? host : to.host
    return new Promise((resolve, reject) => {
      const { signal, timeoutMs = CONNECT_TIMEOUT_MS } = options
      let settled = false
      const settle = () => {
        settled = true
        timeout.cancel()
        signal?.removeEventListener('abort', onAbort)
      }
      const fail = (reason: string, code = 'BARNABAS_CONNECT') => {
        if (settled) return
        settle()
        const message = `cannot connect to ${to.host}:${to.port}: ${reason}`
        reject(new EnvironmentError(code, message, { retriable: code === 'BARNABAS_CONNECT' }))
      }
      const onAbort = () => fail('given up by the caller', 'BARNABAS_CONNECT_ABORTED')
      const timeout = this.timers.schedule(timeoutMs, () =>
        fail(`no connection within ${timeoutMs} ms`),
      )
      signal?.addEventListener('abort', onAbort)
      if (signal?.aborted) return onAbort()
      this.later(host, target, () => {
        if (settled || this.isCut(host, target)) return // unanswered: the timeout ends it
        const listener = this.listeners.get(placeOf(host, to.host, to.port))
        if (!listener) return fail('connection refused')
        if (listener.tls !== (options.tls !== undefined)) return fail('TLS handshake failed')
        settle()
        resolve(this.open(host, target, to, listener))
      })
    })
  }

  private open(host: string, target: string, to: Endpoint, listener: OpenListener): ByteChannel {
    const from = { host, port: this.nextPort++ }
    const client = new MemoryChannel(this, host, target, from, to)
    const server = new MemoryChannel(this, target, host, to, from)
    client.peer = server
    server.peer = client
    this.channels.add(client)
    this.channels.add(server)
    listener.onChannel(server)
    return client
  }

  /** Runs after the delay of the link, never at once. */
  later(from: string, to: string, run: () => void): void {
    const latencyMs = this.latencyMs(from, to)
    if (latencyMs > 0) this.timers.schedule(latencyMs, run)
    else this.timers.defer(run)
  }
}

function placeOf(self: string, host: string, port: number): string {
  return `${LOCAL_NAMES.has(host) ? self : host}:${port}`
}

function linkOf(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`
}
