/** A set on a `Timeline`; see `TimelineMap`. */
import type { Timeline } from './timeline.ts'
import { TimelineMap } from './timeline-map.ts'

export class TimelineSet<K> {
  private readonly members: TimelineMap<K, true>

  constructor(timeline: Timeline) {
    this.members = new TimelineMap(timeline)
  }

  get size(): number {
    return this.members.size
  }

  has(member: K): boolean {
    return this.members.has(member)
  }

  /** True when the member was not there. */
  add(member: K): boolean {
    if (this.members.has(member)) return false
    this.members.set(member, true)
    return true
  }

  /** True when the member was there. */
  delete(member: K): boolean {
    return this.members.delete(member)
  }

  clear(): void {
    this.members.clear()
  }

  values(): IterableIterator<K> {
    return this.members.keys()
  }

  [Symbol.iterator](): IterableIterator<K> {
    return this.members.keys()
  }

  hasAt(member: K, offset: number): boolean {
    return this.members.getAt(member, offset) === true
  }

  sizeAt(offset: number): number {
    return this.members.sizeAt(offset)
  }

  /** The members as they were; nothing may be written while they are walked. */
  *valuesAt(offset: number): IterableIterator<K> {
    for (const [member] of this.members.entriesAt(offset)) yield member
  }
}
