/**
 * The newest offset of each key in the part of a log that is being compacted, in memory of fixed size
 * (CMP-12): 24 bytes a key, at most `loadFactor` of the slots in use, so that looking up stays short. A
 * key is known by 128 bits of its hash. What does not fit waits for the next round.
 *
 * Memory is taken for one round and only for as many keys as there can be.
 */
import { assert } from '@barnabas/base'
import { KeyHash } from './key-hash.ts'
import { MAP_ENTRY_BYTES } from './limits.ts'

export interface OffsetMapOptions {
  /** What the map may take at most; log.cleaner.dedupe.buffer.size. */
  memoryBytes: number
  /** Share of the slots that may be in use; log.cleaner.io.buffer.load.factor. */
  loadFactor: number
  /** No more keys than this will come. */
  keysMax: number
}

export class OffsetMap {
  /** Keys that fit. */
  readonly capacity: number
  private readonly slots: number
  /** Four words of hash for each slot. */
  private readonly hashes: Uint32Array
  /** Offset + 1; 0 stands for an empty slot. */
  private readonly offsets: Float64Array
  private readonly hash = new KeyHash()
  private count = 0

  constructor(options: OffsetMapOptions) {
    const { memoryBytes, loadFactor, keysMax } = options
    const slotsMax = Math.floor(memoryBytes / MAP_ENTRY_BYTES)
    const slotsWanted = Math.ceil((Math.max(1, keysMax) + 1) / loadFactor)
    // With a prime number every step reaches all slots.
    this.slots = primeAtMost(Math.max(2, Math.min(slotsMax, slotsWanted)))
    this.capacity = Math.min(this.slots - 1, Math.floor(this.slots * loadFactor))
    assert(this.capacity >= 1, `no key fits into ${memoryBytes} bytes of offset map`)
    this.hashes = new Uint32Array(this.slots * 4)
    this.offsets = new Float64Array(this.slots)
  }

  get size(): number {
    return this.count
  }

  get memoryBytes(): number {
    return this.slots * MAP_ENTRY_BYTES
  }

  /** Share of the slots in use. */
  get utilization(): number {
    return this.count / this.slots
  }

  /** Notes that the key `bytes[from, to)` stands at `offset`. False when there is no room for it. */
  put(bytes: Uint8Array, from: number, to: number, offset: number): boolean {
    const slot = this.find(bytes, from, to)
    if (this.offsets[slot] === 0) {
      if (this.count === this.capacity) return false
      const { hash, hashes } = this
      this.count++
      hashes[slot * 4] = hash.h1
      hashes[slot * 4 + 1] = hash.h2
      hashes[slot * 4 + 2] = hash.h3
      hashes[slot * 4 + 3] = hash.h4
    }
    this.offsets[slot] = offset + 1
    return true
  }

  /** The newest offset of the key, -1 when it did not come. */
  get(bytes: Uint8Array, from: number, to: number): number {
    return this.offsets[this.find(bytes, from, to)]! - 1
  }

  /** The slot of the key, or the empty one where it would be. There is always an empty one. */
  private find(bytes: Uint8Array, from: number, to: number): number {
    const { hash, hashes, offsets, slots } = this
    hash.update(bytes, from, to)
    const { h1, h2, h3, h4 } = hash
    const step = 1 + (h2 % (slots - 1))
    let slot = h1 % slots
    while (offsets[slot] !== 0) {
      const at = slot * 4
      if (
        hashes[at] === h1 &&
        hashes[at + 1] === h2 &&
        hashes[at + 2] === h3 &&
        hashes[at + 3] === h4
      ) {
        break
      }
      slot += step
      if (slot >= slots) slot -= slots
    }
    return slot
  }
}

function primeAtMost(limit: number): number {
  for (let candidate = limit; candidate > 2; candidate--) {
    if (isPrime(candidate)) return candidate
  }
  return 2
}

function isPrime(value: number): boolean {
  if (value % 2 === 0) return value === 2
  for (let divisor = 3; divisor * divisor <= value; divisor += 2) {
    if (value % divisor === 0) return false
  }
  return value > 1
}
