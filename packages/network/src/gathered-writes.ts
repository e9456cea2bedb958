/**
 * Gathers the messages that are ready at the same moment into one write: pipelined small requests then
 * cost one system call for many answers. Each message is preceded by its size.
 */
import type { ByteChannel } from '@barnabas/base'
import { MAX_GATHERED_BYTES, MAX_GATHERED_PARTS } from './limits.ts'

export class GatheredWrites {
  private readonly channel: ByteChannel
  private readonly onSent: () => void
  private parts: Uint8Array[] = []
  private callbacks: (() => void)[] = []
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
    const prefix = Buffer.allocUnsafe(4)
    prefix.writeInt32BE(size)
    this.parts.push(prefix)
    for (const part of parts) this.parts.push(part)
    if (onSent) this.callbacks.push(onSent)
    this.gathered += size + 4
    if (this.gathered >= MAX_GATHERED_BYTES || this.parts.length >= MAX_GATHERED_PARTS) this.flush()
  }

  flush(): void {
    const { parts, callbacks, gathered } = this
    if (gathered === 0) return
    this.parts = []
    this.callbacks = []
    this.gathered = 0
    this.unsent += gathered
    this.channel.write(parts, () => {
      this.unsent -= gathered
      callAll(callbacks)
      this.onSent()
    })
  }

  /** Forgets what was not flushed, since the channel is closed. */
  discard(): void {
    const { callbacks } = this
    this.parts = []
    this.callbacks = []
    this.gathered = 0
    callAll(callbacks)
  }
}

function callAll(callbacks: readonly (() => void)[]): void {
  for (const callback of callbacks) callback()
}
