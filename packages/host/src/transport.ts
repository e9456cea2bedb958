/**
 * Sockets of Node.js behind the `Transport` port.
 *
 * Node reads into a given buffer for outgoing sockets only; an accepted socket's handle is therefore moved
 * into a new socket that has the option (see `withDirectReads`). Where that is impossible (TLS, or a Node
 * without the handle), bytes are copied once more.
 */
import net from 'node:net'
import tls from 'node:tls'
import type {
  ByteChannel,
  Endpoint,
  Listener,
  ListenOptions,
  Logger,
  TlsClientOptions,
  TlsServerOptions,
  Transport,
} from '@barnabas/base'
import { DEFAULT_BACKLOG, DEFAULT_CONNECT_TIMEOUT_MS, DEFAULT_LINGER_MS } from './limits.ts'
import { SinkSlot, SocketChannel } from './transport-channel.ts'
import {
  connectAborted,
  connectError,
  connectTimeout,
  listenError,
  type NetworkError,
  tlsSetupError,
} from './transport-errors.ts'
import {
  handshakeHint,
  hasUntrustedCertificate,
  tlsClientOptions,
  tlsServerOptions,
} from './transport-tls.ts'

export interface TransportOptions {
  /** Is told of connections that never became channels: failed TLS handshakes, failed accepts. */
  log?: Logger
  /** How long a channel that has ended waits for its peer to do the same. */
  lingerMs?: number
}

type OnSocket = (socket: net.Socket, slot: SinkSlot | null) => void
type MakeChannel = (socket: net.Socket, slot: SinkSlot | null) => ByteChannel

export interface ConnectOptions {
  tls?: TlsClientOptions
  timeoutMs?: number
  signal?: AbortSignal
}

export function createTransport(options: TransportOptions = {}): Transport {
  const { log, lingerMs = DEFAULT_LINGER_MS } = options
  const makeChannel: MakeChannel = (socket, slot) => new SocketChannel(socket, slot, lingerMs)
  return {
    connect: (to, connectOptions) => connect(to, connectOptions, makeChannel),
    listen: (at, onChannel, listenOptions) => {
      const onSocket: OnSocket = (socket, slot) => onChannel(makeChannel(socket, slot))
      return listen(at, onSocket, listenOptions, log)
    },
  }
}

interface SocketInternals {
  _handle: object | null
  _server: net.Server | null
}

/**
 * Moves an accepted, paused socket's handle into one that reads into the sink's buffers. `_handle` is no
 * documented property, but programs have moved handles this way since Node 0.x; without it we copy.
 */
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

function tcpServer(onSocket: OnSocket): net.Server {
  const options = { pauseOnConnect: true, allowHalfOpen: true, keepAlive: true }
  return net.createServer(options, (accepted) => {
    const { socket, slot } = withDirectReads(accepted)
    // A peer that is gone already has no address any more.
    if (socket.remoteAddress === undefined) socket.destroy()
    else onSocket(socket, slot)
  })
}

function tlsServer(
  options: TlsServerOptions,
  onSocket: OnSocket,
  log: Logger | undefined,
): net.Server {
  const server = tls.createServer(
    { ...tlsServerOptions(options), pauseOnConnect: true, keepAlive: true },
    (socket) => {
      if (socket.remoteAddress === undefined || hasUntrustedCertificate(socket)) socket.destroy()
      else onSocket(socket, null)
    },
  )
  server.on('tlsClientError', (error, socket) => {
    log?.info(`TLS handshake failed: ${handshakeHint(error)}`, { remote: socket.remoteAddress })
    socket.destroy()
  })
  return server
}

async function listen(
  at: Endpoint,
  onSocket: OnSocket,
  options: ListenOptions = {},
  log: Logger | undefined,
): Promise<Listener> {
  const server = options.tls
    ? createOrExplain(() => tlsServer(options.tls!, onSocket, log), '"ssl.keystore" of the broker')
    : tcpServer(onSocket)
  await new Promise<void>((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => reject(listenError(at, error))
    server.once('error', onError)
    const backlog = options.backlog ?? DEFAULT_BACKLOG
    server.listen({ host: at.host, port: at.port, backlog }, () => {
      server.off('error', onError)
      resolve()
    })
  })
  // A failed accept (no descriptors left) loses one connection; the listener goes on.
  server.on('error', (error) => log?.warn('a connection could not be accepted', { error }))
  const address = server.address() as net.AddressInfo
  let closing: Promise<void> | null = null
  return {
    address: { host: address.address, port: address.port },
    close() {
      closing ??= closeServer(server)
      return closing
    },
  }
}

/** Node's own callback waits for all accepted sockets; the port is free one turn of the loop later. */
function closeServer(server: net.Server): Promise<void> {
  server.close()
  return new Promise((resolve) => setImmediate(resolve))
}

function createOrExplain<T>(create: () => T, settings: string): T {
  try {
    return create()
  } catch (error) {
    throw tlsSetupError(error as Error, settings)
  }
}

function connect(
  to: Endpoint,
  options: ConnectOptions = {},
  makeChannel: MakeChannel,
): Promise<ByteChannel> {
  const { signal } = options
  if (signal?.aborted) return Promise.reject(connectAborted(to, signal))
  return new Promise((resolve, reject) => {
    const { socket, slot } = openSocket(to, options.tls)
    const timeoutMs = options.timeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS
    const timer = setTimeout(() => fail(connectTimeout(to, timeoutMs)), timeoutMs)
    const onError = (error: Error) => fail(connectError(to, error))
    const onAbort = () => fail(connectAborted(to, signal!))
    const settle = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      socket.off('error', onError)
    }
    const fail = (error: NetworkError) => {
      settle()
      socket.on('error', () => {})
      socket.destroy()
      reject(error)
    }
    socket.on('error', onError)
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.once(options.tls ? 'secureConnect' : 'connect', () => {
      settle()
      // Nothing may arrive before there is a sink; `start` resumes.
      socket.pause()
      resolve(makeChannel(socket, slot))
    })
  })
}

function openSocket(
  to: Endpoint,
  options: TlsClientOptions | undefined,
): { socket: net.Socket; slot: SinkSlot | null } {
  if (options) {
    const open = () => tls.connect({ ...tlsClientOptions(to, options), ...KEEP_ALIVE })
    return { socket: createOrExplain(open, '"ssl.keystore" of the client'), slot: null }
  }
  const slot = new SinkSlot()
  const tcpOptions = { host: to.host, port: to.port, onread: slot.onread, ...KEEP_ALIVE }
  return { socket: net.connect(tcpOptions as net.NetConnectOpts), slot }
}

/** Lets the system notice peers that vanished without a word. */
const KEEP_ALIVE = { keepAlive: true }
