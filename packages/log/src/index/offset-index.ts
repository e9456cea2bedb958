/**
 * The sparse offset index of one segment: entries of 8 bytes, the last offset of a batch relative to the
 * segment's base and the position in the `.log` file where that batch starts. Both grow from entry to
 * entry, so a lookup is a binary search followed by a short walk over batches.
 */
import { assert } from '@barnabas/base'
import { CorruptFileError } from '../errors.ts'
import { EntryBytes } from './entry-bytes.ts'

export const OFFSET_INDEX_ENTRY_BYTES = 8

export class OffsetIndex {
  readonly baseOffset: number
  private readonly maxEntries: number
  private readonly entries = new EntryBytes(OFFSET_INDEX_ENTRY_BYTES)

  constructor(baseOffset: number, maxSizeBytes: number) {
    this.baseOffset = baseOffset
    this.maxEntries = Math.floor(maxSizeBytes / OFFSET_INDEX_ENTRY_BYTES)
  }

  /** From a file's content, which is checked: the caller rebuilds what raises `CorruptFileError`. */
  static load(
    path: string,
    baseOffset: number,
    maxSizeBytes: number,
    content: Uint8Array,
  ): OffsetIndex {
    const index = new OffsetIndex(baseOffset, maxSizeBytes)
    const { ragged } = index.entries.load(content)
    if (ragged) throw new CorruptFileError(path, `${content.length} bytes are no whole entries`)
    let lastOffset = -1
    let lastPosition = 0
    for (let n = 0; n < index.count; n++) {
      const offset = index.relativeOffset(n)
      const position = index.positionOf(n)
      if (offset <= lastOffset || position <= lastPosition) {
        throw new CorruptFileError(path, `entry ${n} does not follow the one before it`)
      }
      lastOffset = offset
      lastPosition = position
    }
    return index
  }

  get count(): number {
    return this.entries.count
  }

  get isFull(): boolean {
    return this.entries.count >= this.maxEntries
  }

  get bytes(): Buffer {
    return this.entries.bytes
  }

  /** The base offset when there are no entries. */
  get lastOffset(): number {
    const { count } = this
    return count === 0 ? this.baseOffset : this.baseOffset + this.relativeOffset(count - 1)
  }

  /** Position of the last entry, 0 when there are none. */
  get lastPosition(): number {
    const { count } = this
    return count === 0 ? 0 : this.positionOf(count - 1)
  }

  append(offset: number, position: number): void {
    const relative = offset - this.baseOffset
    assert(relative >= 0 && relative <= 0x7fffffff, `offset ${offset} in index ${this.baseOffset}`)
    assert(this.count === 0 || offset > this.lastOffset, `offset ${offset} twice in an index`)
    const at = this.entries.grow()
    this.entries.buffer.writeInt32BE(relative, at)
    this.entries.buffer.writeInt32BE(position, at + 4)
  }

  /** A position at or before the batch that holds `offset`, the nearest the index knows. */
  lookup(offset: number): number {
    const slot = this.floor(offset - this.baseOffset)
    return slot < 0 ? 0 : this.positionOf(slot)
  }

  /** The position after `position` by which at least `sizeBytes` have passed; null when unknown. */
  positionBeyond(position: number, sizeBytes: number): number | null {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.positionOf(middle) < position + sizeBytes) low = middle + 1
      else high = middle
    }
    return low === this.count ? null : this.positionOf(low)
  }

  /** Drops the entries of `offset` and later. */
  truncateTo(offset: number): void {
    this.entries.count = this.floor(offset - this.baseOffset - 1) + 1
  }

  /** The last slot whose offset is at most `relative`, -1 when there is none. */
  private floor(relative: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.relativeOffset(middle) <= relative) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  private relativeOffset(slot: number): number {
    return this.entries.buffer.readInt32BE(slot * OFFSET_INDEX_ENTRY_BYTES)
  }

  private positionOf(slot: number): number {
    return this.entries.buffer.readInt32BE(slot * OFFSET_INDEX_ENTRY_BYTES + 4)
  }
}
