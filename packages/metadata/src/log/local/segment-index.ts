/**
 * The sparse indexes of one segment: offset to position, timestamp to offset. Kept in memory while the
 * segment grows and written when it is closed; a segment that lacks them is scanned, which gives them back.
 */
import { INDEX_INTERVAL_BYTES } from './limits.ts'

const OFFSET_ENTRY_BYTES = 8
const TIME_ENTRY_BYTES = 12
const TWO_32 = 4294967296

interface Entry {
  readonly relativeOffset: number
  readonly position: number
}

interface TimeEntry {
  readonly timestampMs: number
  readonly relativeOffset: number
}

export class SegmentIndex {
  private readonly baseOffset: number
  private readonly entries: Entry[] = []
  private readonly times: TimeEntry[] = []
  private bytesSinceEntry = 0
  private newest: TimeEntry = { timestampMs: -1, relativeOffset: 0 }

  constructor(baseOffset: number) {
    this.baseOffset = baseOffset
  }

  /** Notes a batch that ends at `lastOffset` and stands at `position`. */
  add(lastOffset: number, position: number, sizeBytes: number, timestampMs: number): void {
    const relativeOffset = lastOffset - this.baseOffset
    if (timestampMs > this.newest.timestampMs) this.newest = { timestampMs, relativeOffset }
    if (this.bytesSinceEntry > INDEX_INTERVAL_BYTES) {
      this.entries.push({ relativeOffset, position })
      this.addNewestTime()
      this.bytesSinceEntry = 0
    }
    this.bytesSinceEntry += sizeBytes
  }

  offsetIndexBytes(): Buffer {
    const bytes = Buffer.alloc(this.entries.length * OFFSET_ENTRY_BYTES)
    this.entries.forEach(({ relativeOffset, position }, n) => {
      bytes.writeInt32BE(relativeOffset, n * OFFSET_ENTRY_BYTES)
      bytes.writeInt32BE(position, n * OFFSET_ENTRY_BYTES + 4)
    })
    return bytes
  }

  /** With the newest timestamp of the segment as its last entry. */
  timeIndexBytes(): Buffer {
    this.addNewestTime()
    const bytes = Buffer.alloc(this.times.length * TIME_ENTRY_BYTES)
    this.times.forEach(({ timestampMs, relativeOffset }, n) => {
      const at = n * TIME_ENTRY_BYTES
      const high = Math.floor(timestampMs / TWO_32)
      bytes.writeInt32BE(high, at)
      bytes.writeUInt32BE(timestampMs - high * TWO_32, at + 4)
      bytes.writeInt32BE(relativeOffset, at + 8)
    })
    return bytes
  }

  private addNewestTime(): void {
    const last = this.times.at(-1)
    if (this.newest.timestampMs > (last?.timestampMs ?? -1)) this.times.push(this.newest)
  }
}
