/**
 * A map on a `Timeline`. Reads of the present cost what a `Map` costs; a write remembers the value it
 * replaces, once for each mark. `undefined` is not a value.
 */
import type { Timeline, TimelineContainer, TimelineMark } from './timeline.ts'

/** Values as they were at `mark` of all keys written since, up to the next delta. */
interface Delta<K, V> {
  readonly mark: number
  /** `undefined`: the key was absent. */
  readonly replaced: Map<K, V | undefined>
  readonly size: number
}

export class TimelineMap<K, V extends NonNullable<unknown> | null> implements TimelineContainer {
  private readonly timeline: Timeline
  private readonly present = new Map<K, V>()
  /** Ascending by mark. */
  private readonly deltas: Delta<K, V>[] = []

  constructor(timeline: Timeline) {
    this.timeline = timeline
  }

  get size(): number {
    return this.present.size
  }

  get(key: K): V | undefined {
    return this.present.get(key)
  }

  has(key: K): boolean {
    return this.present.has(key)
  }

  set(key: K, value: V): void {
    this.remember(key)
    this.present.set(key, value)
  }

  /** True when the key was there. */
  delete(key: K): boolean {
    if (!this.present.has(key)) return false
    this.remember(key)
    return this.present.delete(key)
  }

  clear(): void {
    for (const key of this.present.keys()) this.remember(key)
    this.present.clear()
  }

  /** The live entries. While they are walked, entries may be deleted. */
  entries(): IterableIterator<[K, V]> {
    return this.present.entries()
  }

  keys(): IterableIterator<K> {
    return this.present.keys()
  }

  values(): IterableIterator<V> {
    return this.present.values()
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.present.entries()
  }

  getAt(key: K, offset: number): V | undefined {
    if (this.deltas.length === 0) return this.present.get(key)
    for (let n = this.firstDelta(this.timeline.markAt(offset)); n < this.deltas.length; n++) {
      const { replaced } = this.deltas[n]!
      const value = replaced.get(key)
      if (value !== undefined || replaced.has(key)) return value
    }
    return this.present.get(key)
  }

  sizeAt(offset: number): number {
    if (this.deltas.length === 0) return this.present.size
    const delta = this.deltas[this.firstDelta(this.timeline.markAt(offset))]
    return delta === undefined ? this.present.size : delta.size
  }

  /** The entries as they were; nothing may be written while they are walked. */
  *entriesAt(offset: number): IterableIterator<[K, V]> {
    const first = this.deltas.length === 0 ? 0 : this.firstDelta(this.timeline.markAt(offset))
    if (first === this.deltas.length) {
      yield* this.present.entries()
      return
    }
    const past = new Map<K, V | undefined>()
    for (let n = first; n < this.deltas.length; n++) {
      for (const [key, value] of this.deltas[n]!.replaced) {
        if (!past.has(key)) past.set(key, value)
      }
    }
    for (const entry of this.present) {
      if (!past.has(entry[0])) yield entry
    }
    for (const [key, value] of past) {
      if (value !== undefined) yield [key, value]
    }
  }

  /** @internal */
  undoNewest(): void {
    const { replaced } = this.deltas.pop()!
    for (const [key, value] of replaced) {
      if (value === undefined) this.present.delete(key)
      else this.present.set(key, value)
    }
  }

  /** @internal */
  dropOldest(): void {
    this.deltas.shift()
  }

  private remember(key: K): void {
    const newest = this.deltas.at(-1)
    const mark = this.timeline.beforeWrite(this, newest === undefined ? -1 : newest.mark)
    if (mark === -1) return
    if (newest !== undefined && newest.mark === mark) {
      if (!newest.replaced.has(key)) newest.replaced.set(key, this.present.get(key))
      return
    }
    const replaced = new Map<K, V | undefined>().set(key, this.present.get(key))
    this.deltas.push({ mark, replaced, size: this.present.size })
  }

  /** Index of the first delta at `mark` or later. */
  private firstDelta(mark: TimelineMark): number {
    let low = 0
    let high = this.deltas.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.deltas[middle]!.mark < mark) low = middle + 1
      else high = middle
    }
    return low
  }
}
