/**
 * A map that lists its entries in the order of Java's `HashMap`. Kafka's assignors walk through such maps, so
 * that who gets which partition follows from it; assigning as Kafka does takes the same order. (Buckets
 * that Java turns into trees, which takes eight keys in one, keep their order here.)
 */
import { uuidToBytes } from '@barnabas/base'
import type { Uuid } from '@barnabas/protocol'

const DEFAULT_CAPACITY = 16
const LOAD_FACTOR = 0.75

interface Entry<K, V> {
  readonly key: K
  readonly hash: number
  value: V
}

export class JavaHashMap<K extends string | number, V> {
  private readonly hashOf: (key: K) => number
  private readonly byKey = new Map<K, Entry<K, V>>()
  private buckets: Entry<K, V>[][]

  constructor(hashOf: (key: K) => number, capacity: number = DEFAULT_CAPACITY) {
    this.hashOf = hashOf
    this.buckets = emptyBuckets(tableSize(capacity))
  }

  get size(): number {
    return this.byKey.size
  }

  get(key: K): V | undefined {
    return this.byKey.get(key)?.value
  }

  has(key: K): boolean {
    return this.byKey.has(key)
  }

  /** As `put`: a new entry comes last in its bucket. */
  set(key: K, value: V): void {
    const present = this.byKey.get(key)
    if (present !== undefined) {
      present.value = value
      return
    }
    const entry = this.newEntry(key, value)
    this.bucketOf(entry).push(entry)
    if (this.isFull) this.grow()
  }

  /** As `computeIfAbsent`: a new entry comes first in its bucket, and the table grows later. */
  getOrSet(key: K, make: () => V): V {
    const present = this.byKey.get(key)
    if (this.isFull) this.grow()
    if (present !== undefined) return present.value
    const entry = this.newEntry(key, make())
    this.bucketOf(entry).unshift(entry)
    return entry.value
  }

  delete(key: K): boolean {
    const entry = this.byKey.get(key)
    if (entry === undefined) return false
    this.byKey.delete(key)
    const bucket = this.bucketOf(entry)
    bucket.splice(bucket.indexOf(entry), 1)
    return true
  }

  /** As they are now; the map may be changed while they are walked. */
  keys(): K[] {
    return this.buckets.flatMap((bucket) => bucket.map(({ key }) => key))
  }

  entries(): [K, V][] {
    return this.buckets.flatMap((bucket) => bucket.map(({ key, value }): [K, V] => [key, value]))
  }

  private get isFull(): boolean {
    return this.byKey.size > this.buckets.length * LOAD_FACTOR
  }

  private newEntry(key: K, value: V): Entry<K, V> {
    const hash = this.hashOf(key)
    const entry = { key, hash: hash ^ (hash >>> 16), value }
    this.byKey.set(key, entry)
    return entry
  }

  private bucketOf(entry: Entry<K, V>): Entry<K, V>[] {
    return this.buckets[entry.hash & (this.buckets.length - 1)]!
  }

  private grow(): void {
    const entries = this.buckets.flat()
    this.buckets = emptyBuckets(this.buckets.length * 2)
    for (const entry of entries) this.bucketOf(entry).push(entry)
  }
}

/** The capacity with which Kafka makes a map for so many entries. */
export function capacityFor(count: number): number {
  return Math.floor((count + 1) / LOAD_FACTOR + 1)
}

export function numberHash(value: number): number {
  return value
}

export function uuidHash(id: Uuid): number {
  const bytes = Buffer.from(uuidToBytes(id)!)
  return bytes.readInt32BE(0) ^ bytes.readInt32BE(4) ^ bytes.readInt32BE(8) ^ bytes.readInt32BE(12)
}

/** The topics as a `HashSet` made of them lists them. */
export function inHashOrder(topicIds: Iterable<Uuid>): Uuid[] {
  const unordered = [...topicIds]
  const capacity = Math.max(Math.floor(unordered.length / LOAD_FACTOR) + 1, DEFAULT_CAPACITY)
  const map = new JavaHashMap<Uuid, null>(uuidHash, capacity)
  for (const topicId of unordered) map.set(topicId, null)
  return map.keys()
}

function tableSize(capacity: number): number {
  let size = 1
  while (size < capacity) size *= 2
  return size
}

function emptyBuckets<K, V>(count: number): Entry<K, V>[][] {
  return Array.from({ length: count }, () => [])
}
