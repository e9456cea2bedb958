/**
 * One message as it came from the wire, without its size: `buffer` from `start` to `end`. The bytes stand
 * in memory that is used again, so a frame is valid until its last reference is released. Whoever is given
 * a frame releases it, exactly once; who keeps it beside another holder retains it first.
 */
import { assert, type SharedBytes } from '@barnabas/base'

export class Frame implements SharedBytes {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
  private readonly memory: SharedBytes | null
  private references = 1

  /** Takes over one reference to the memory; null when it is left to the garbage collector. */
  constructor(memory: SharedBytes | null, buffer: Buffer, start: number, end: number) {
    this.memory = memory
    this.buffer = buffer
    this.start = start
    this.end = end
  }

  get sizeBytes(): number {
    return this.end - this.start
  }

  /** A view of the bytes, valid as long as the frame is. */
  bytes(): Buffer {
    assert(this.references > 0, 'a frame is read after its last release')
    return this.buffer.subarray(this.start, this.end)
  }

  retain(): this {
    assert(this.references > 0, 'a frame is retained after its last release')
    this.references++
    return this
  }

  release(): void {
    assert(this.references > 0, 'a frame is released more often than it was retained')
    if (--this.references === 0) this.memory?.release()
  }
}
