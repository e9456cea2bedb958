/**
 * Fixed-size entries held exactly as they stand in an index file, growing as entries are added. The
 * bytes are the file: writing an index is writing `bytes`, reading it is wrapping what was read.
 */
import { asBuffer } from '../bytes.ts'

const FIRST_CAPACITY_ENTRIES = 8

export class EntryBytes {
  readonly entryBytes: number
  buffer: Buffer
  count: number

  constructor(entryBytes: number) {
    this.entryBytes = entryBytes
    this.buffer = EMPTY
    this.count = 0
  }

  /**
   * Takes over a file's content. A broker that was killed leaves its preallocated index files with
   * zeros behind the last entry; those are no entries. A partial last entry is left out too: `ragged`.
   */
  load(content: Uint8Array): { ragged: boolean } {
    const bytes = asBuffer(content)
    const size = this.entryBytes
    let count = Math.floor(bytes.length / size)
    // A single all-zero entry can be real (timestamp 0 at the base offset); a longer run is padding.
    if (count > 1) while (count > 0 && isZero(bytes, (count - 1) * size, size)) count--
    this.buffer = bytes.subarray(0, count * size)
    this.count = count
    return { ragged: bytes.length % size !== 0 }
  }

  /** Makes room for one more entry and gives its position. */
  grow(): number {
    const at = this.count * this.entryBytes
    if (at + this.entryBytes > this.buffer.length) {
      const capacity = Math.max(FIRST_CAPACITY_ENTRIES, this.count * 2)
      const larger = Buffer.allocUnsafeSlow(capacity * this.entryBytes)
      larger.set(this.bytes)
      this.buffer = larger
    }
    this.count++
    return at
  }

  get bytes(): Buffer {
    return this.buffer.subarray(0, this.count * this.entryBytes)
  }
}

const EMPTY = Buffer.alloc(0)

function isZero(bytes: Buffer, from: number, length: number): boolean {
  for (let at = from; at < from + length; at++) if (bytes[at] !== 0) return false
  return true
}
