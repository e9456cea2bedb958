/**
 * Sockets of Node.js behind the `Transport` port.
 *
 * Receiving avoids copies: a TCP socket is told to read straight into the sink's buffer (`onread`), so a
 * frame's bytes land where they will stay. Node offers that option for outgoing sockets only; an accepted
 * socket's handle is therefore moved into a new socket that has it. Where that is impossible (TLS, or a
 * Node without the handle), bytes are copied from `data` events instead; the sink cannot tell.
 */
import net from 'node:net'
import tls from 'node:tls'
import type {
  ByteChannel,
  ByteSink,
  Endpoint,
  Listener,
  ListenOptions,
  TlsClientOptions,
  TlsServerOptions,
  Transport,
} from '@barnabas/base'
import { EnvironmentError } from '@barnabas/base'
import { DEFAULT_BACKLOG, DEFAULT_CONNECT_TIMEOUT_MS, SEND_BUFFER_HIGH_BYTES } from './limits.ts'

export class NetworkError extends EnvironmentError {
  override readonly name = 'NetworkError'
}

interface OnRead {
  buffer: () => Uint8Array
  callback: (length: number) => boolean
}

/** Room for what arrives before there is a sink: the size of a first frame and a little more. */
const FIRST_READ_BYTES = 16

/**
 * Gives a socket its sink's buffers. Node asks for the first buffer when the socket is made, before
 * anyone can have given a sink; that first one is ours, and its bytes are handed on by a copy.
 */
class SinkSlot {
  sink: ByteSink | null = null
  private first: Buffer | null = Buffer.allocUnsafe(FIRST_READ_BYTES)

  readonly onread: OnRead = {
    buffer: () => this.first ?? this.sink!.nextBuffer(),
    callback: (length) => {
      const { first } = this
      if (first === null) this.sink!.onBytes(length)
      else {
        this.first = null
        copyInto(this.sink!, first.subarray(0, length))
      }
      return true
    },
  }
}

class SocketChannel implements ByteChannel {
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly peerSubject?: string
  private readonly socket: net.Socket
  private readonly slot: SinkSlot | null
  private failure: Error | null = null
  private closed = false

  constructor(socket: net.Socket, slot: SinkSlot | null) {
    this.socket = socket
    this.slot = slot
    this.local = { host: socket.localAddress ?? '', port: socket.localPort ?? 0 }
    this.remote = { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 }
    const subject = subjectOf(socket)
    if (subject !== null) this.peerSubject = subject
    socket.setNoDelay(true)
    socket.on('error', (error) => {
      this.failure = error
    })
  }

  get queuedBytes(): number {
    return this.socket.writableLength
  }

  start(sink: ByteSink): void {
    const { socket } = this
    if (this.slot) this.slot.sink = sink
    else socket.on('data', (chunk: Buffer) => copyInto(sink, chunk))
    socket.on('drain', () => sink.onDrain?.())
    socket.on('end', () => socket.end())
    socket.on('close', () => {
      this.closed = true
      sink.onClose(this.failure)
    })
    socket.resume()
  }

  write(parts: readonly Uint8Array[], done?: () => void): boolean {
    const { socket } = this
    if (this.closed || socket.destroyed) {
      if (done) queueMicrotask(done)
      return true
    }
    const last = parts.length - 1
    if (last > 0) socket.cork()
    for (let n = 0; n < last; n++) socket.write(parts[n]!)
    if (last >= 0) socket.write(parts[last]!, done && (() => done()))
    if (last > 0) socket.uncork()
    return socket.writableLength < SEND_BUFFER_HIGH_BYTES
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  end(): void {
    this.socket.end()
  }

  destroy(error?: Error): void {
    if (error && this.failure === null) this.failure = error
    this.socket.destroy()
  }
}

function copyInto(sink: ByteSink, chunk: Buffer): void {
  for (let at = 0; at < chunk.length; ) {
    const place = sink.nextBuffer()
    const length = Math.min(place.length, chunk.length - at)
    place.set(chunk.subarray(at, at + length))
    at += length
    sink.onBytes(length)
  }
}

function subjectOf(socket: net.Socket): string | null {
  if (!(socket instanceof tls.TLSSocket) || !socket.authorized) return null
  const subject = socket.getPeerCertificate()?.subject as
    | Record<string, string | string[]>
    | undefined
  if (!subject) return null
  // RFC 2253 names the most specific part first; Node lists them in the certificate's order.
  return Object.entries(subject)
    .reverse()
    .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(`+${name}=`) : value}`)
    .join(',')
}

interface SocketInternals {
  _handle: object | null
  _server: net.Server | null
}

/** Moves an accepted, paused socket's handle into one that reads into the sink's buffers. */
function withDirectReads(accepted: net.Socket): { socket: net.Socket; slot: SinkSlot | null } {
  const from = accepted as unknown as SocketInternals
  const handle = from._handle
  if (!handle) return { socket: accepted, slot: null }
  const slot = new SinkSlot()
  const options = { handle, onread: slot.onread, pauseOnCreate: true, allowHalfOpen: true }
  const socket = new net.Socket(options as unknown as net.SocketConstructorOpts)
  // The server counts its connections by their sockets' `_server`: the new one must be counted off.
  const to = socket as unknown as SocketInternals
  to._server = from._server
  from._server = null
  from._handle = null
  return { socket, slot }
}

function listenTcp(onChannel: (channel: ByteChannel) => void): net.Server {
  return net.createServer(
    { pauseOnConnect: true, allowHalfOpen: true, noDelay: true },
    (accepted) => {
      const { socket, slot } = withDirectReads(accepted)
      onChannel(new SocketChannel(socket, slot))
    },
  )
}

function listenTls(
  options: TlsServerOptions,
  onChannel: (channel: ByteChannel) => void,
): net.Server {
  const authentication = options.clientAuthentication ?? 'none'
  const server = tls.createServer(
    {
      cert: options.certificate,
      key: options.key,
      requestCert: authentication !== 'none',
      rejectUnauthorized: authentication === 'required',
      minVersion: options.minVersion ?? 'TLSv1.2',
      ...(options.passphrase !== undefined && { passphrase: options.passphrase }),
      ...(options.certificateAuthorities && { ca: [...options.certificateAuthorities] }),
    },
    (socket) => onChannel(new SocketChannel(socket, null)),
  )
  server.on('tlsClientError', (_error, socket) => socket.destroy())
  return server
}

async function listen(
  at: Endpoint,
  onChannel: (channel: ByteChannel) => void,
  options: ListenOptions = {},
): Promise<Listener> {
  const server = options.tls ? listenTls(options.tls, onChannel) : listenTcp(onChannel)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(at, error)))
    server.listen(
      { host: at.host, port: at.port, backlog: options.backlog ?? DEFAULT_BACKLOG },
      resolve,
    )
  })
  server.on('error', () => {}) // accept failures (EMFILE): the connection is lost, the listener goes on
  const address = server.address() as net.AddressInfo
  return {
    address: { host: address.address, port: address.port },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

function listenError(at: Endpoint, error: NodeJS.ErrnoException): NetworkError {
  const place = `${at.host}:${at.port}`
  const hints: Record<string, string> = {
    EADDRINUSE: `${place} is in use: stop the program that listens there (perhaps another broker), or choose another port in "listeners"`,
    EACCES: `no permission to listen on ${place}: choose a port above 1023 in "listeners"`,
    EADDRNOTAVAIL: `${at.host} is no address of this machine: correct "listeners"`,
    ENOTFOUND: `the host name ${at.host} does not resolve: correct "listeners"`,
  }
  const hint = hints[error.code ?? ''] ?? `cannot listen on ${place}: ${error.message}`
  return new NetworkError('BARNABAS_LISTEN', hint, { cause: error })
}

function tlsOptions(to: Endpoint, options: TlsClientOptions): tls.ConnectionOptions {
  const serverName = options.serverName ?? (net.isIP(to.host) ? undefined : to.host)
  return {
    host: to.host,
    port: to.port,
    rejectUnauthorized: options.rejectUnauthorized ?? true,
    ...(serverName !== undefined && { servername: serverName }),
    ...(options.certificateAuthorities && { ca: [...options.certificateAuthorities] }),
    ...(options.certificate !== undefined && { cert: options.certificate }),
    ...(options.key !== undefined && { key: options.key }),
    ...(options.passphrase !== undefined && { passphrase: options.passphrase }),
  }
}

function connect(
  to: Endpoint,
  options: { tls?: TlsClientOptions; timeoutMs?: number; signal?: AbortSignal } = {},
): Promise<ByteChannel> {
  const slot = options.tls ? null : new SinkSlot()
  const socket = options.tls
    ? tls.connect(tlsOptions(to, options.tls))
    : net.connect({
        host: to.host,
        port: to.port,
        ...(slot && { onread: slot.onread }),
      } as net.NetConnectOpts)
  return new Promise((resolve, reject) => {
    const timeoutMs = options.timeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS
    const timer = setTimeout(
      () => fail(new Error(`no connection within ${timeoutMs} ms`)),
      timeoutMs,
    )
    const onAbort = () => fail(new Error('aborted'))
    const settle = () => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', onAbort)
      socket.off('error', fail)
    }
    const fail = (error: Error) => {
      settle()
      socket.on('error', () => {})
      socket.destroy()
      const message = `cannot connect to ${to.host}:${to.port}: ${error.message}`
      reject(new NetworkError('BARNABAS_CONNECT', message, { cause: error, retriable: true }))
    }
    socket.once('error', fail)
    options.signal?.addEventListener('abort', onAbort, { once: true })
    if (options.signal?.aborted) return onAbort()
    socket.once(options.tls ? 'secureConnect' : 'connect', () => {
      settle()
      resolve(new SocketChannel(socket, slot))
    })
  })
}

export function createTransport(): Transport {
  return { connect, listen }
}
