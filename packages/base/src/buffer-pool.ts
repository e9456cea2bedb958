/**
 * Reference-counted buffers that are used again. A fresh megabyte costs 256 page faults, more than
 * copying it; frames and file reads therefore take their memory from here and give it back.
 */
import { assert } from './errors.ts'

/** Smallest and largest size that is kept for reuse; each class is twice the one before. */
export const POOLED_MIN_BYTES = 64 * 1024
export const POOLED_MAX_BYTES = 4 * 1024 * 1024

/** Memory shared by several holders: each `retain` needs one `release`, the first holder has one already. */
export interface SharedBytes {
  retain(): void
  release(): void
}

export class PooledBuffer implements SharedBytes {
  readonly bytes: Buffer
  private readonly pool: BufferPool
  private references = 1

  constructor(bytes: Buffer, pool: BufferPool) {
    this.bytes = bytes
    this.pool = pool
  }

  retain(): void {
    assert(this.references > 0, 'a buffer is retained after its last release')
    this.references++
  }

  release(): void {
    assert(this.references > 0, 'a buffer is released more often than it was retained')
    if (--this.references === 0) this.pool.giveBack(this.bytes)
  }
}

export interface BufferPoolStats {
  /** Bytes lying ready for reuse. */
  idleBytes: number
  /** Bytes given out and not yet back, of pooled sizes. */
  usedBytes: number
}

export class BufferPool {
  private readonly maxIdleBytes: number
  private readonly idle: Buffer[][] = []
  private readonly counted: BufferPoolStats = { idleBytes: 0, usedBytes: 0 }

  /** `maxIdleBytes` bounds what is kept; what comes back beyond it is left to the garbage collector. */
  constructor(maxIdleBytes: number) {
    this.maxIdleBytes = maxIdleBytes
    for (let size = POOLED_MIN_BYTES; size <= POOLED_MAX_BYTES; size *= 2) this.idle.push([])
  }

  get stats(): BufferPoolStats {
    return { ...this.counted }
  }

  /** A buffer of at least `minBytes`; its content is whatever was there before. */
  take(minBytes: number): PooledBuffer {
    if (minBytes > POOLED_MAX_BYTES) return new PooledBuffer(Buffer.allocUnsafeSlow(minBytes), this)
    let index = 0
    let size = POOLED_MIN_BYTES
    while (size < minBytes) {
      size *= 2
      index++
    }
    this.counted.usedBytes += size
    const ready = this.idle[index]!.pop()
    if (ready === undefined) return new PooledBuffer(Buffer.allocUnsafeSlow(size), this)
    this.counted.idleBytes -= size
    return new PooledBuffer(ready, this)
  }

  /** Called by the last release. */
  giveBack(bytes: Buffer): void {
    const size = bytes.length
    if (size > POOLED_MAX_BYTES) return
    this.counted.usedBytes -= size
    if (this.counted.idleBytes + size > this.maxIdleBytes) return
    this.counted.idleBytes += size
    this.idle[Math.log2(size / POOLED_MIN_BYTES)]!.push(bytes)
  }
}
