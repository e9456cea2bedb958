/**
 * One socket of Node.js as a `ByteChannel`.
 *
 * Receiving avoids copies: a TCP socket is told to read straight into the sink's buffer (`onread`). A
 * socket without that option (TLS) copies from its `data` events instead; the sink cannot tell.
 */
import type net from 'node:net'
import type { ByteChannel, ByteSink, Endpoint } from '@barnabas/base'
import { FIRST_READ_BYTES, SEND_BUFFER_HIGH_BYTES } from './limits.ts'
import { connectionError } from './transport-errors.ts'
import { subjectOf } from './transport-tls.ts'

interface OnRead {
  buffer: () => Uint8Array
  callback: (length: number) => boolean
}

/**
 * Gives a socket its sink's buffers. Node asks for the first buffer when the socket is made, before
 * anyone can have given a sink; that first one is ours, and its bytes are handed on by a copy.
 */
export class SinkSlot {
  sink: ByteSink | null = null
  /**
   * A stream that was resumed goes on to read once in the next tick, even if it was paused meanwhile;
   * saying no after that read stops it.
   */
  paused = false
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
      return !this.paused
    },
  }
}

export class SocketChannel implements ByteChannel {
  readonly local: Endpoint
  readonly remote: Endpoint
  readonly peerSubject?: string
  private readonly socket: net.Socket
  private readonly slot: SinkSlot | null
  private readonly lingerMs: number
  private sink: ByteSink | null = null
  private failure: Error | null = null
  private closed = false
  /** Asked for before `start`, when nothing is received anyway. */
  private pauseWanted = false

  /** The socket must be paused, or not have begun to read. Without a slot, `data` events are copied. */
  constructor(socket: net.Socket, slot: SinkSlot | null, lingerMs: number) {
    this.socket = socket
    this.lingerMs = lingerMs
    this.slot = slot
    this.local = { host: plainAddress(socket.localAddress), port: socket.localPort ?? 0 }
    this.remote = { host: plainAddress(socket.remoteAddress), port: socket.remotePort ?? 0 }
    const subject = subjectOf(socket)
    if (subject !== null) this.peerSubject = subject
    socket.setNoDelay(true)
    socket.on('error', (error) => {
      this.failure ??= connectionError(this.remote, error)
    })
    socket.on('close', () => {
      this.closed = true
      this.sink?.onClose(this.failure)
    })
  }

  get queuedBytes(): number {
    return this.socket.writableLength
  }

  start(sink: ByteSink): void {
    const { socket } = this
    this.sink = sink
    if (this.slot) this.slot.sink = sink
    else socket.on('data', (chunk: Buffer) => copyInto(sink, chunk))
    socket.on('drain', () => sink.onDrain?.())
    socket.on('end', () => socket.end())
    if (this.closed) queueMicrotask(() => sink.onClose(this.failure))
    else if (this.pauseWanted) socket.pause()
    else socket.resume()
  }

  write(parts: readonly Uint8Array[], done?: () => void): boolean {
    const { socket } = this
    const last = parts.length - 1
    if (last < 0 || this.closed || socket.destroyed || socket.writableEnded) {
      if (done) queueMicrotask(done)
      return true
    }
    if (last > 0) socket.cork()
    for (let n = 0; n < last; n++) socket.write(parts[n]!)
    socket.write(parts[last]!, done && (() => done()))
    if (last > 0) socket.uncork()
    return socket.writableLength < SEND_BUFFER_HIGH_BYTES
  }

  pause(): void {
    this.pauseWanted = true
    if (this.slot) this.slot.paused = true
    if (this.sink) this.socket.pause()
  }

  resume(): void {
    this.pauseWanted = false
    if (this.slot) this.slot.paused = false
    if (this.sink) this.socket.resume()
  }

  end(): void {
    const { socket } = this
    if (socket.writableEnded) return
    // Closing with unread bytes would reset the connection, and the peer might lose what was sent last;
    // so what it still sends is read until it closes too, but not for long.
    socket.once('finish', () => {
      const timer = setTimeout(() => socket.destroy(), this.lingerMs)
      timer.unref()
      socket.once('close', () => clearTimeout(timer))
    })
    socket.end()
    this.resume()
  }

  destroy(error?: Error): void {
    if (error) this.failure ??= error
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

/** An IPv4 peer of a socket that listens on IPv6 has an address like `::ffff:10.0.0.1`. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return ''
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
