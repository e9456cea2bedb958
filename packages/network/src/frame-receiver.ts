/**
 * Cuts a stream of bytes into frames: four bytes of size, then that many bytes.
 *
 * Small frames are read several at a time into a piece of read-ahead memory that they share; a large
 * frame gets memory of its own, and the rest of it is read straight into place. A size beyond the limit
 * is refused before anything is allocated for it.
 */
import {
  type BufferPool,
  EnvironmentError,
  type PooledBuffer,
  type SharedBytes,
} from '@barnabas/base'
import { READ_AHEAD_MAX_BYTES, READ_AHEAD_MIN_BYTES } from './limits.ts'

const SIZE_BYTES = 4

/** One received frame, without its size. Whoever gets it must release it; its bytes live until then. */
export interface Frame extends SharedBytes {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
}

/** The peer sends something that is no frame. */
export class FrameError extends EnvironmentError {
  override readonly name = 'FrameError'
}

/** Memory outside the pool: small enough to be left to the garbage collector. */
class PlainBuffer implements SharedBytes {
  readonly bytes: Buffer
  constructor(bytes: Buffer) {
    this.bytes = bytes
  }
  retain(): void {}
  release(): void {}
}

class FrameView implements Frame {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
  private readonly owner: SharedBytes

  constructor(owner: SharedBytes, buffer: Buffer, start: number, end: number) {
    this.owner = owner
    this.buffer = buffer
    this.start = start
    this.end = end
  }

  retain(): void {
    this.owner.retain()
  }

  release(): void {
    this.owner.release()
  }
}

type Memory = PooledBuffer | PlainBuffer

export class FrameReceiver {
  private readonly pool: BufferPool
  private readonly maxFrameBytes: number
  private readonly onFrame: (frame: Frame) => void

  /** Read-ahead memory: `chunk[parsed, filled)` holds bytes of frames not yet complete. */
  private chunk: Memory = plain(READ_AHEAD_MIN_BYTES)
  private parsed = 0
  private filled = 0
  private readAheadBytes = READ_AHEAD_MIN_BYTES

  /** A large frame being read into memory of its own. */
  private large: PooledBuffer | null = null
  private largeBytes = 0
  private largeFilled = 0

  constructor(pool: BufferPool, maxFrameBytes: number, onFrame: (frame: Frame) => void) {
    this.pool = pool
    this.maxFrameBytes = maxFrameBytes
    this.onFrame = onFrame
  }

  /** Whether part of a frame has arrived. */
  get isMidFrame(): boolean {
    return this.large !== null || this.filled > this.parsed
  }

  /** The place for the next bytes. */
  nextBuffer(): Uint8Array {
    if (this.large !== null) return this.large.bytes.subarray(this.largeFilled, this.largeBytes)
    if (this.filled === this.chunk.bytes.length) this.renewChunk()
    return this.chunk.bytes.subarray(this.filled)
  }

  /** `length` bytes were put where `nextBuffer` said. Throws `FrameError` on what cannot be a frame. */
  onBytes(length: number): void {
    if (this.large !== null) {
      this.largeFilled += length
      if (this.largeFilled < this.largeBytes) return
      const frame = new FrameView(this.large, this.large.bytes, 0, this.largeBytes)
      this.large = null
      this.onFrame(frame)
      return
    }
    this.filled += length
    // A read that filled its place says that more is waiting: the next place is larger.
    if (this.filled === this.chunk.bytes.length) {
      this.readAheadBytes = Math.min(READ_AHEAD_MAX_BYTES, this.readAheadBytes * 8)
    }
    this.cutFrames()
  }

  /** Gives memory back; nothing may be received afterwards. */
  close(): void {
    this.large?.release()
    this.large = null
    this.chunk.release()
    this.chunk = plain(0)
    this.parsed = 0
    this.filled = 0
  }

  private cutFrames(): void {
    while (this.filled - this.parsed >= SIZE_BYTES) {
      const { bytes } = this.chunk
      const size = bytes.readInt32BE(this.parsed)
      if (size < 0 || size > this.maxFrameBytes)
        throw frameError(bytes, this.parsed, size, this.maxFrameBytes)
      const start = this.parsed + SIZE_BYTES
      if (start + size <= this.filled) {
        this.parsed = start + size
        this.chunk.retain()
        this.onFrame(new FrameView(this.chunk, bytes, start, start + size))
        continue
      }
      if (SIZE_BYTES + size > READ_AHEAD_MAX_BYTES) this.beginLarge(start, size)
      else if (this.parsed + SIZE_BYTES + size > bytes.length) this.renewChunk(SIZE_BYTES + size)
      return
    }
    if (this.parsed === this.filled) this.rewind()
  }

  private beginLarge(start: number, size: number): void {
    this.large = this.pool.take(size)
    this.largeBytes = size
    this.largeFilled = this.chunk.bytes.copy(this.large.bytes, 0, start, this.filled)
    this.parsed = this.filled
    this.rewind()
  }

  /** All that was read is cut: frames may still hold the memory, so a fresh piece follows when it is used up. */
  private rewind(): void {
    if (this.chunk.bytes.length - this.filled < READ_AHEAD_MIN_BYTES / 2) this.renewChunk()
  }

  /** Moves the bytes not yet cut to fresh memory with room for at least `minBytes`. */
  private renewChunk(minBytes = 0): void {
    const old = this.chunk
    const size = Math.max(this.readAheadBytes, minBytes, this.filled - this.parsed + SIZE_BYTES)
    const fresh = size >= READ_AHEAD_MAX_BYTES ? this.pool.take(size) : plain(size)
    this.filled = old.bytes.copy(fresh.bytes, 0, this.parsed, this.filled)
    this.parsed = 0
    this.chunk = fresh
    old.release()
    // Shrinks step by step while little arrives, so that quiet connections hold little.
    this.readAheadBytes = Math.max(READ_AHEAD_MIN_BYTES, this.readAheadBytes >> 1)
  }
}

function plain(size: number): PlainBuffer {
  return new PlainBuffer(Buffer.allocUnsafeSlow(size))
}

/** Says what the peer seems to speak instead, and what to do about it. */
function frameError(bytes: Buffer, at: number, size: number, maxFrameBytes: number): FrameError {
  const text = bytes.toString('latin1', at, at + 4)
  if (bytes[at] === 0x16 && bytes[at + 1] === 0x03) {
    return new FrameError(
      'BARNABAS_TLS_ON_PLAIN_PORT',
      'the peer speaks TLS to a plain listener: connect with security.protocol=PLAINTEXT, or to a listener of protocol SSL',
    )
  }
  if (/^(GET |POST|HEAD|PUT |OPTI|DELE|PATC|CONN)$/.test(text)) {
    return new FrameError(
      'BARNABAS_HTTP_ON_KAFKA_PORT',
      'the peer speaks HTTP to a port of the Kafka protocol: use a Kafka client here',
    )
  }
  return new FrameError(
    'BARNABAS_FRAME_SIZE',
    `a request of ${size} bytes is refused: socket.request.max.bytes allows ${maxFrameBytes}`,
  )
}
