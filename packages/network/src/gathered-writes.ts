/**
 * Gathers the messages that are ready at the same moment into one write: pipelined small requests then
 * cost one system call for many answers. Each message is preceded by its size. Small messages are copied
 * behind each other, the parts of large ones are referenced.
 */
import type { ByteChannel } from '@barnabas/base'
import {
  COPIED_ANSWER_MAX_BYTES,
  COPY_CHUNK_MAX_BYTES,
  COPY_CHUNK_MIN_BYTES,
  MAX_GATHERED_BYTES,
  MAX_GATHERED_PARTS,
} from './limits.ts'

const SIZE_BYTES = 4
const EMPTY = Buffer.alloc(0)

export class GatheredWrites {
  private readonly channel: ByteChannel
  private readonly onSent: () => void
  private parts: Uint8Array[] = []
  private callbacks: (() => void)[] = []
  /** What is copied goes to `chunk` at `chunkAt`; from `chunkStart` on it is not yet in `parts`. */
  private chunk: Buffer = EMPTY
  private chunkStart = 0
  private chunkAt = 0
  private gathered = 0
  private unsent = 0

  /** `onSent` is called each time that bytes have gone to the operating system. */
  constructor(channel: ByteChannel, onSent: () => void) {
    this.channel = channel
    this.onSent = onSent
  }

  /** Bytes not yet handed to the operating system. */
  get unsentBytes(): number {
    return this.unsent + this.gathered
  }

  /**
   * Adds one message. `onSent` is called once its parts are no longer needed, even when it was never
   * sent. Writes what has been gathered when that is enough for one write.
   */
  add(parts: readonly Uint8Array[], onSent?: () => void): void {
    let size = 0
    for (const part of parts) size += part.length
    if (size <= COPIED_ANSWER_MAX_BYTES) this.copy(parts, size)
    else {
      this.copy([], size)
      this.sealChunk()
      for (const part of parts) this.parts.push(part)
    }
    if (onSent) this.callbacks.push(onSent)
    this.gathered += SIZE_BYTES + size
    if (this.gathered >= MAX_GATHERED_BYTES || this.parts.length >= MAX_GATHERED_PARTS) this.flush()
  }

  flush(): void {
    const { gathered, callbacks } = this
    if (gathered === 0) return
    this.sealChunk()
    const { parts } = this
    this.reset()
    this.unsent += gathered
    this.channel.write(parts, () => {
      this.unsent -= gathered
      for (const callback of callbacks) callback()
      this.onSent()
    })
  }

  /** Forgets what was not flushed, since the channel is closed. */
  discard(): void {
    const { callbacks } = this
    this.reset()
    for (const callback of callbacks) callback()
  }

  private reset(): void {
    this.parts = []
    this.callbacks = []
    this.gathered = 0
    // The sent chunk must stay as it is, and a quiet connection should hold none.
    this.chunk = EMPTY
    this.chunkStart = 0
    this.chunkAt = 0
  }

  private copy(parts: readonly Uint8Array[], size: number): void {
    if (this.chunk.length - this.chunkAt < SIZE_BYTES + COPIED_ANSWER_MAX_BYTES) this.renewChunk()
    this.chunkAt = this.chunk.writeInt32BE(size, this.chunkAt)
    for (const part of parts) {
      this.chunk.set(part, this.chunkAt)
      this.chunkAt += part.length
    }
  }

  private renewChunk(): void {
    this.sealChunk()
    const size = Math.max(COPY_CHUNK_MIN_BYTES, this.chunk.length * 4)
    this.chunk = Buffer.allocUnsafe(Math.min(size, COPY_CHUNK_MAX_BYTES))
    this.chunkStart = 0
    this.chunkAt = 0
  }

  private sealChunk(): void {
    if (this.chunkAt > this.chunkStart) {
      this.parts.push(this.chunk.subarray(this.chunkStart, this.chunkAt))
    }
    this.chunkStart = this.chunkAt
  }
}
