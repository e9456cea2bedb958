/**
 * One end of a connection in memory. What is written travels for the link's delay, then waits in the
 * sender's queue until the receiver takes it: that is not paused, has a sink, and the link is whole.
 * Parts are copied only when they arrive, so a sender that changes them before `done` is found out.
 *
 *   open --end()--> ending: the queue goes out, then our end ----+
 *    |                                                            +--> closed, once both ends have ended
 *    +--the peer's end arrives--> ending ------------------------+
 *    +--destroy()--> closed at once, the queue is lost; the peer closes when it hears of it
 */
import { assert } from '../errors.ts'
import type { ByteChannel, ByteSink, Endpoint, Timers } from '../world.ts'

/** Queued bytes from which a sender is asked to wait. */
const QUEUE_HIGH_BYTES = 1024 * 1024

const NOTHING = new Uint8Array(0)

/** What a channel asks of the network it runs through. */
export interface ChannelNetwork {
  readonly timers: Timers
  pieceBytesMax(): number
  isCut(one: string, other: string): boolean
  /** Runs after the delay of the link, never at once. */
  later(from: string, to: string, run: () => void): void
  /** The channel is closed and needs to hear of nothing any more. */
  forget(channel: MemoryChannel): void
}

interface Part {
  readonly bytes: Uint8Array
  readonly done: (() => void) | undefined
  /** The sender's end, after the last bytes. */
  readonly isEnd: boolean
  /** Whether it has travelled all the way. */
  arrived: boolean
  /** Bytes of it that the receiver has taken. */
  taken: number
}

export class MemoryChannel implements ByteChannel {
  readonly localHost: string
  readonly remoteHost: string
  readonly local: Endpoint
  readonly remote: Endpoint
  queuedBytes = 0
  /** @internal The other end; set right after construction. */
  peer!: MemoryChannel
  private readonly network: ChannelNetwork
  private readonly queue: Part[] = []
  private sink: ByteSink | null = null
  private paused = false
  private ending = false
  private drainWanted = false
  private closed = false
  private failure: Error | null = null
  /** We are gone and the peer has not heard of it yet. */
  private peerUnaware = false

  constructor(
    network: ChannelNetwork,
    localHost: string,
    remoteHost: string,
    local: Endpoint,
    remote: Endpoint,
  ) {
    this.network = network
    this.localHost = localHost
    this.remoteHost = remoteHost
    this.local = local
    this.remote = remote
  }

  start(sink: ByteSink): void {
    assert(this.sink === null, 'a channel is started once')
    this.sink = sink
    if (this.closed) this.network.timers.defer(() => sink.onClose(this.failure))
    else this.peer.deliverSoon()
  }

  write(parts: readonly Uint8Array[], done?: () => void): boolean {
    if (this.closed || this.ending) {
      if (done) this.network.timers.defer(done)
      return true
    }
    const last = Math.max(0, parts.length - 1)
    const added: Part[] = []
    for (const [n, bytes] of (parts.length === 0 ? [NOTHING] : parts).entries()) {
      added.push(partOf(bytes, n === last ? done : undefined, false))
      this.queuedBytes += bytes.length
    }
    this.send(added)
    const full = this.queuedBytes >= QUEUE_HIGH_BYTES
    this.drainWanted ||= full
    return !full
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    this.peer.deliverSoon()
  }

  end(): void {
    if (this.ending || this.closed) return
    this.ending = true
    this.send([partOf(NOTHING, undefined, true)])
  }

  destroy(error?: Error): void {
    if (this.closed) return
    this.close(error ?? null)
    this.peerUnaware = true
    this.network.later(this.localHost, this.remoteHost, () => this.tellPeer())
  }

  /** @internal Both ends break with an error. */
  breakWith(error: Error): void {
    this.close(error)
    this.peer.close(error)
  }

  /** @internal The link was mended: what waited goes on. */
  onHeal(): void {
    this.deliverSoon()
    if (this.peerUnaware) this.network.timers.defer(() => this.tellPeer())
  }

  private send(parts: readonly Part[]): void {
    this.queue.push(...parts)
    this.network.later(this.localHost, this.remoteHost, () => {
      for (const part of parts) part.arrived = true
      this.deliver()
    })
  }

  private deliverSoon(): void {
    if (this.queue.length > 0) this.network.timers.defer(() => this.deliver())
  }

  private get canDeliver(): boolean {
    const { peer } = this
    if (this.closed || peer.closed || peer.paused || peer.sink === null) return false
    return !this.network.isCut(this.localHost, this.remoteHost)
  }

  private deliver(): void {
    while (this.queue[0]?.arrived && this.canDeliver) {
      const part = this.queue[0]
      if (part.isEnd) return this.peer.onEnd()
      if (part.taken < part.bytes.length) this.deliverPiece(part, this.peer.sink!)
      if (this.closed) return
      if (part.taken === part.bytes.length) {
        this.queue.shift()
        part.done?.()
      }
    }
    if (this.drainWanted && this.queuedBytes === 0 && !this.closed) {
      this.drainWanted = false
      this.sink?.onDrain?.()
    }
  }

  private deliverPiece(part: Part, sink: ByteSink): void {
    const place = sink.nextBuffer()
    assert(place.length > 0, 'a sink gave no room')
    const rest = part.bytes.length - part.taken
    const length = Math.min(place.length, rest, this.network.pieceBytesMax())
    place.set(part.bytes.subarray(part.taken, part.taken + length))
    part.taken += length
    this.queuedBytes -= length
    sink.onBytes(length)
  }

  /** The peer sends no more. We end too; the connection is over when our own end has arrived. */
  private onEnd(): void {
    const { peer } = this
    peer.queue.length = 0
    if (this.queue.length > 0 || !this.ending) return this.end()
    this.close(null)
    peer.close(null)
  }

  private tellPeer(): void {
    if (this.network.isCut(this.localHost, this.remoteHost)) return
    this.peerUnaware = false
    this.network.forget(this)
    this.peer.close(null)
  }

  private close(error: Error | null): void {
    if (this.closed) return
    this.closed = true
    this.failure = error
    this.queuedBytes = 0
    for (const { done } of this.queue.splice(0)) done?.()
    if (this.peer.closed) {
      this.network.forget(this)
      this.network.forget(this.peer)
    }
    const { sink } = this
    if (sink) this.network.timers.defer(() => sink.onClose(error))
  }
}

function partOf(bytes: Uint8Array, done: (() => void) | undefined, isEnd: boolean): Part {
  return { bytes, done, isEnd, arrived: false, taken: 0 }
}
