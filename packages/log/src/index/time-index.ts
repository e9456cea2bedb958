/**
 * The time index of one segment: entries of 12 bytes, a timestamp and the relative offset of the batch
 * that first reached it. An entry says that no earlier batch of the segment has a larger timestamp, so
 * the first record at or after a time is found by a binary search and a walk from there.
 */
import { CorruptFileError } from '../errors.ts'
import { getInt64, putInt64 } from '../bytes.ts'
import { EntryBytes } from './entry-bytes.ts'

export const TIME_INDEX_ENTRY_BYTES = 12

export interface TimestampOffset {
  /** -1 when there is none. */
  timestamp: number
  offset: number
}

export class TimeIndex {
  readonly baseOffset: number
  private readonly maxEntries: number
  private readonly entries = new EntryBytes(TIME_INDEX_ENTRY_BYTES)

  constructor(baseOffset: number, maxSizeBytes: number) {
    this.baseOffset = baseOffset
    this.maxEntries = Math.floor(maxSizeBytes / TIME_INDEX_ENTRY_BYTES)
  }

  /** From a file's content, which is checked: the caller rebuilds what raises `CorruptFileError`. */
  static load(
    path: string,
    baseOffset: number,
    maxSizeBytes: number,
    content: Uint8Array,
  ): TimeIndex {
    const index = new TimeIndex(baseOffset, maxSizeBytes)
    const { ragged } = index.entries.load(content)
    if (ragged) throw new CorruptFileError(path, `${content.length} bytes are no whole entries`)
    for (let n = 0; n < index.count; n++) {
      const relative = index.relativeOffset(n)
      const follows =
        n === 0
          ? relative >= 0
          : relative >= index.relativeOffset(n - 1) && index.timestamp(n) > index.timestamp(n - 1)
      if (!follows) throw new CorruptFileError(path, `entry ${n} does not follow the one before it`)
    }
    return index
  }

  get count(): number {
    return this.entries.count
  }

  /** One entry is kept free for the segment's last timestamp. */
  get isFull(): boolean {
    return this.entries.count >= this.maxEntries - 1
  }

  get bytes(): Buffer {
    return this.entries.bytes
  }

  /** Timestamp -1 at the base offset when there are no entries. */
  get last(): TimestampOffset {
    return this.entry(this.count - 1)
  }

  /** Adds an entry when `timestamp` is larger than all before; otherwise there is nothing to say. */
  maybeAppend(timestamp: number, offset: number): boolean {
    const { count } = this
    if (timestamp <= (count === 0 ? -1 : this.timestamp(count - 1))) return false
    const at = this.entries.grow()
    putInt64(this.entries.buffer, at, timestamp)
    this.entries.buffer.writeInt32BE(offset - this.baseOffset, at + 8)
    return true
  }

  /** The last entry whose timestamp is at most `timestamp`; (-1, base offset) when there is none. */
  lookup(timestamp: number): TimestampOffset {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.timestamp(middle) <= timestamp) low = middle + 1
      else high = middle
    }
    return this.entry(low - 1)
  }

  /** Drops the entries of `offset` and later. */
  truncateTo(offset: number): void {
    const relative = offset - this.baseOffset
    let { count } = this
    while (count > 0 && this.relativeOffset(count - 1) >= relative) count--
    this.entries.count = count
  }

  private entry(slot: number): TimestampOffset {
    if (slot < 0) return { timestamp: -1, offset: this.baseOffset }
    return { timestamp: this.timestamp(slot), offset: this.baseOffset + this.relativeOffset(slot) }
  }

  private timestamp(slot: number): number {
    return getInt64(this.entries.buffer, slot * TIME_INDEX_ENTRY_BYTES)
  }

  private relativeOffset(slot: number): number {
    return this.entries.buffer.readInt32BE(slot * TIME_INDEX_ENTRY_BYTES + 8)
  }
}
