/**
 * The newest batches of all logs of a broker, in memory and within one bound: a consumer at the tail is
 * served without touching a file. What came first goes first, whichever log it is from, so one number
 * bounds them together.
 *
 * Large batches are kept where they arrived (their frame is retained); small ones are copied one behind
 * another into blocks, because a few hundred bytes must not hold a frame of many kilobytes, and because
 * a reader gets a block as one piece.
 */
import { assert, type SharedBytes } from '@barnabas/base'
import type { BatchView } from '@barnabas/protocol'
import { TAIL_BLOCK_MAX_BYTES, TAIL_BLOCK_MIN_BYTES, TAIL_REFERENCE_MIN_BYTES } from './limits.ts'
import { batchSizeAt, endOfRun, lastOffsetAt } from './store/batch-walk.ts'
import { lastOffsetIn } from './store/file-reader.ts'
import type { ReadRequest, ReadRun } from './store/segment-store.ts'
import { getInt64 } from './bytes.ts'

interface Piece {
  readonly memory: Buffer
  readonly owner: SharedBytes | null
  /** Bytes of `memory` in use. */
  length: number
  readonly baseOffset: number
  nextOffset: number
  readonly log: LogTail
  /** In the order of arrival, over all logs. */
  older: Piece | null
  newer: Piece | null
}

export class TailCache {
  readonly maxBytes: number
  private used = 0
  private oldest: Piece | null = null
  private newest: Piece | null = null

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  get usedBytes(): number {
    return this.used
  }

  /** The part of one log. */
  createTail(): LogTail {
    return new LogTail(this)
  }

  /** @internal */
  add(piece: Piece): void {
    this.used += piece.memory.length
    piece.older = this.newest
    if (this.newest === null) this.oldest = piece
    else this.newest.newer = piece
    this.newest = piece
    while (this.used > this.maxBytes && this.oldest !== null) this.oldest.log.dropOldest()
  }

  /** @internal */
  remove(piece: Piece): void {
    this.used -= piece.memory.length
    if (piece.older === null) this.oldest = piece.newer
    else piece.older.newer = piece.newer
    if (piece.newer === null) this.newest = piece.older
    else piece.newer.older = piece.older
    piece.owner?.release()
  }
}

export interface TailRun extends ReadRun {
  /** Retained for the reader, who releases each when it no longer needs the parts. */
  owners: readonly SharedBytes[]
}

export class LogTail {
  private readonly cache: TailCache
  private pieces: Piece[] = []
  /** Pieces before it are gone. */
  private first = 0

  constructor(cache: TailCache) {
    this.cache = cache
  }

  /** Takes batches that follow on what is there; after a gap the tail begins anew. */
  add(bytes: Buffer, batches: readonly BatchView[], owner: SharedBytes | null): void {
    if (bytes.length > this.cache.maxBytes) return this.clear()
    const { baseOffset } = batches[0]!
    const { nextOffset } = batches[batches.length - 1]!
    const last = this.last
    if (last !== undefined && last.nextOffset !== baseOffset) this.clear()
    const isMostOfItsMemory = bytes.length * 2 >= bytes.buffer.byteLength
    if (isMostOfItsMemory && bytes.length >= TAIL_REFERENCE_MIN_BYTES) {
      owner?.retain()
      this.push(bytes, bytes.length, owner, baseOffset, nextOffset)
    } else if (last !== undefined && this.last === last && fits(last, bytes)) {
      last.memory.set(bytes, last.length)
      last.length += bytes.length
      last.nextOffset = nextOffset
    } else {
      // Blocks grow with the log's traffic, so that thousands of slow logs take little.
      const wanted = last === undefined || last.owner !== null ? 0 : last.memory.length * 2
      const size = Math.max(Math.min(wanted, TAIL_BLOCK_MAX_BYTES), TAIL_BLOCK_MIN_BYTES)
      const memory = Buffer.allocUnsafeSlow(Math.max(size, bytes.length))
      memory.set(bytes)
      this.push(memory, bytes.length, null, baseOffset, nextOffset)
    }
  }

  /** Null when the batch asked for is not here. */
  read(request: ReadRequest): TailRun | null {
    const at = this.find(request.offset)
    if (at < 0) return null
    const parts: Buffer[] = []
    const owners: SharedBytes[] = []
    let sizeBytes = 0
    let startOffset = request.offset
    let endOffset = request.offset
    for (let n = at; n < this.pieces.length; n++) {
      const piece = this.pieces[n]!
      const bytes = piece.memory.subarray(0, piece.length)
      const from = n === at ? startOfBatch(bytes, request.offset) : 0
      const maxBytes = request.maxBytes - sizeBytes
      const minOneBatch = request.minOneBatch && sizeBytes === 0
      const to = endOfRun(bytes, from, { maxOffset: request.maxOffset, maxBytes, minOneBatch })
      if (to === from) break
      if (sizeBytes === 0) startOffset = getInt64(bytes, from)
      parts.push(bytes.subarray(from, to))
      if (piece.owner !== null) {
        piece.owner.retain()
        owners.push(piece.owner)
      }
      sizeBytes += to - from
      endOffset = to === piece.length ? piece.nextOffset : lastOffsetIn(bytes, from, to) + 1
      if (to < piece.length) break
    }
    return { parts, sizeBytes, startOffset, endOffset, owners }
  }

  clear(): void {
    for (let n = this.first; n < this.pieces.length; n++) this.cache.remove(this.pieces[n]!)
    this.pieces = []
    this.first = 0
  }

  /** @internal */
  dropOldest(): void {
    const piece = this.pieces[this.first]
    assert(piece !== undefined, 'a tail is asked for a piece it does not have')
    this.pieces[this.first++] = GONE
    this.cache.remove(piece)
    if (this.first > 32 && this.first * 2 > this.pieces.length) {
      this.pieces = this.pieces.slice(this.first)
      this.first = 0
    }
  }

  private get last(): Piece | undefined {
    return this.pieces.length > this.first ? this.pieces[this.pieces.length - 1] : undefined
  }

  private push(
    memory: Buffer,
    length: number,
    owner: SharedBytes | null,
    baseOffset: number,
    nextOffset: number,
  ): void {
    const piece = {
      memory,
      owner,
      length,
      baseOffset,
      nextOffset,
      log: this,
      older: null,
      newer: null,
    }
    this.pieces.push(piece)
    this.cache.add(piece)
  }

  /** Index of the piece that holds `offset`, -1 when none does. */
  private find(offset: number): number {
    let low = this.first
    let high = this.pieces.length
    if (low === high || offset < this.pieces[low]!.baseOffset) return -1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.pieces[middle]!.nextOffset <= offset) low = middle + 1
      else high = middle
    }
    return low === this.pieces.length ? -1 : low
  }
}

/** Stands for dropped pieces until their log's list is shortened, so that their memory is free at once. */
const GONE: Piece = {
  memory: Buffer.alloc(0),
  owner: null,
  length: 0,
  baseOffset: -1,
  nextOffset: -1,
  log: new LogTail(new TailCache(0)),
  older: null,
  newer: null,
}

function fits(piece: Piece, bytes: Buffer): boolean {
  return piece.owner === null && piece.length + bytes.length <= piece.memory.length
}

/** Where the batch that holds `offset` begins. */
function startOfBatch(bytes: Buffer, offset: number): number {
  let at = 0
  while (lastOffsetAt(bytes, at) < offset) at += batchSizeAt(bytes, at)
  return at
}
