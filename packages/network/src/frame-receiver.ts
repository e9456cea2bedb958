/**
 * Cuts a stream of bytes into frames: a size of four bytes, then as many bytes. Decides where the next
 * bytes shall land, so that they need not move again:
 *
 *   quiet ──(a read fills the first place, or cuts a small frame)──> chunk ──(nothing more to read)──> quiet
 *     │                                                               │ ^
 *     └──(the size of a large frame is known)──> own buffer <─────────┘ │
 *                                                     └──(complete)─────┘ or quiet
 *
 * - quiet: a small place that belongs to the connection; frames in it are copied out.
 * - chunk: 64 KiB of pooled memory; frames are views of it, so that hundreds cost one read.
 * - own buffer: the rest of one large frame and the four bytes after it, so that of large frames that
 *   follow each other none is copied.
 *
 * Sizes are checked before memory is taken for them.
 */
import { assert, type BufferPool, type PooledBuffer } from '@barnabas/base'
import { Frame } from './frame.ts'
import { type Role, refusedSize } from './frame-errors.ts'
import {
  CHUNK_BYTES,
  CHUNK_MIN_ROOM_BYTES,
  FIRST_READ_BYTES,
  OWN_BUFFER_MIN_BYTES,
} from './limits.ts'

const SIZE_BYTES = 4

export class FrameReceiver {
  /** May be changed between frames, such as after a client has authenticated. */
  maxFrameBytes: number
  private readonly pool: BufferPool
  private readonly role: Role
  private readonly onFrame: (frame: Frame) => void
  private readonly first = Buffer.allocUnsafeSlow(FIRST_READ_BYTES)
  /** The current chunk or own buffer; null when quiet. */
  private memory: PooledBuffer | null = null
  /** Size of the large frame that `memory` is for, which starts at 0 of it; -1 for a chunk. */
  private ownBytes = -1
  /** Bytes in `memory`, and how many of them have been cut into frames. */
  private filled = 0
  private consumed = 0
  /** Length of the place last given, to see whether a read has filled it. */
  private placeBytes = 0
  private stopped = false

  /** `onFrame` is given one reference to each frame, in order, during `onBytes`. */
  constructor(
    pool: BufferPool,
    maxFrameBytes: number,
    onFrame: (frame: Frame) => void,
    role: Role = 'server',
  ) {
    this.pool = pool
    this.maxFrameBytes = maxFrameBytes
    this.onFrame = onFrame
    this.role = role
  }

  /** Whether part of a frame has arrived. */
  get isMidFrame(): boolean {
    return this.ownBytes >= 0 || this.filled > this.consumed
  }

  /** The place for the next bytes. */
  nextBuffer(): Uint8Array {
    const place = this.place()
    this.placeBytes = place.length
    return place
  }

  /** `length` bytes were put where `nextBuffer` said. Throws `FrameError` on what cannot be a frame. */
  onBytes(length: number): void {
    assert(length <= this.placeBytes, 'more bytes than there was room for')
    if (this.stopped) return this.dropMemory()
    const more = length === this.placeBytes
    if (this.memory === null) {
      this.onFirstBytes(length, more)
      return
    }
    this.filled += length
    if (this.ownBytes >= 0) this.onOwnBytes(this.memory)
    else this.onChunkBytes(this.memory, more)
  }

  /**
   * Ignores what still arrives. The memory of the current place is kept until the channel can no longer
   * write to it: until `close`, or until it has asked for another place.
   */
  stop(): void {
    this.stopped = true
  }

  /** To be called once the channel is closed; gives all memory back. Idempotent. */
  close(): void {
    this.stopped = true
    this.dropMemory()
  }

  private place(): Uint8Array {
    const { memory } = this
    if (memory === null) return this.first
    if (this.ownBytes < 0) return memory.bytes.subarray(this.filled)
    return memory.bytes.subarray(this.filled, this.ownBytes + SIZE_BYTES)
  }

  private onFirstBytes(length: number, more: boolean): void {
    const rest = this.cutCopies(this.first, length)
    if (this.stopped || (rest === length && !more)) return
    this.moveOn(this.first, rest, length)
  }

  private onChunkBytes(chunk: PooledBuffer, more: boolean): void {
    this.consumed = this.cut(chunk.bytes, this.consumed, this.filled, chunk)
    if (this.stopped) return
    const { consumed, filled } = this
    const pending = filled - consumed
    if (pending === 0 && !more) return this.dropMemory()
    const size = pending >= SIZE_BYTES ? chunk.bytes.readInt32BE(consumed) : 0
    const missing = size + SIZE_BYTES - pending
    const room = chunk.bytes.length - filled
    if (size < OWN_BUFFER_MIN_BYTES && room >= Math.max(missing, CHUNK_MIN_ROOM_BYTES)) return
    this.moveOn(chunk.bytes, consumed, filled)
  }

  private onOwnBytes(memory: PooledBuffer): void {
    const size = this.ownBytes
    const extra = this.filled - size
    if (extra < 0) return
    // The bytes behind the frame may begin the next one: they are moved before the frame is handed out,
    // since whoever gets it may give its memory back at once.
    memory.bytes.copy(this.first, 0, size, size + extra)
    this.forget()
    this.onFrame(new Frame(memory, memory.bytes, 0, size))
    if (this.stopped || extra === 0) return
    const rest = this.cutCopies(this.first, extra)
    if (!this.stopped && rest < extra) this.moveOn(this.first, rest, extra)
  }

  /** Continues in fresh memory that fits what is pending; `source[from, to)` is the start of it. */
  private moveOn(source: Buffer, from: number, to: number): void {
    const pending = to - from
    const size = pending >= SIZE_BYTES ? source.readInt32BE(from) : 0
    const old = this.memory
    if (size >= OWN_BUFFER_MIN_BYTES) {
      this.memory = this.pool.take(size + SIZE_BYTES)
      this.ownBytes = size
      this.filled = source.copy(this.memory.bytes, 0, from + SIZE_BYTES, to)
    } else {
      this.memory = this.pool.take(CHUNK_BYTES)
      this.ownBytes = -1
      this.filled = source.copy(this.memory.bytes, 0, from, to)
    }
    this.consumed = 0
    old?.release()
  }

  /**
   * Hands out the whole frames in the first `to` bytes of the first place, as views of one copy that is
   * left to the garbage collector. Returns where the rest begins.
   */
  private cutCopies(first: Buffer, to: number): number {
    const end = this.endOfFrames(first, to)
    if (end > 0) {
      const copy = Buffer.allocUnsafe(end)
      copy.set(first.subarray(0, end))
      this.cut(copy, 0, end, null)
    }
    // What cannot be a size is refused after the frames before it were handed out.
    if (to - end >= SIZE_BYTES && !this.stopped) this.checkedSize(first, end)
    return end
  }

  /** Where the last whole frame in `source[0, to)` ends; what cannot be a size ends no frame. */
  private endOfFrames(source: Buffer, to: number): number {
    let at = 0
    while (to - at >= SIZE_BYTES) {
      const size = source.readInt32BE(at)
      const end = at + SIZE_BYTES + size
      if (size < 0 || end > to) break
      at = end
    }
    return at
  }

  /** Hands out the whole frames in `source[from, to)` as views; returns where the rest begins. */
  private cut(source: Buffer, from: number, to: number, memory: PooledBuffer | null): number {
    let at = from
    while (to - at >= SIZE_BYTES) {
      const size = this.checkedSize(source, at)
      const start = at + SIZE_BYTES
      if (start + size > to) break
      at = start + size
      memory?.retain()
      this.onFrame(new Frame(memory, source, start, at))
      if (this.stopped) break
    }
    return at
  }

  private checkedSize(source: Buffer, at: number): number {
    const size = source.readInt32BE(at)
    if (size >= 0 && size <= this.maxFrameBytes) return size
    this.stopped = true
    throw refusedSize(size, this.maxFrameBytes, this.role)
  }

  private dropMemory(): void {
    const { memory } = this
    this.forget()
    memory?.release()
  }

  private forget(): void {
    this.memory = null
    this.ownBytes = -1
    this.filled = 0
    this.consumed = 0
  }
}
