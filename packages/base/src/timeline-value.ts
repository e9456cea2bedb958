/** One value on a `Timeline`; see `TimelineMap`. */
import type { Timeline, TimelineContainer } from './timeline.ts'

export class TimelineValue<T> implements TimelineContainer {
  private readonly timeline: Timeline
  private present: T
  /** Ascending by mark: the value at that mark, overwritten before the next. */
  private readonly replaced: { readonly mark: number; readonly value: T }[] = []

  constructor(timeline: Timeline, initial: T) {
    this.timeline = timeline
    this.present = initial
  }

  get(): T {
    return this.present
  }

  set(value: T): void {
    const newest = this.replaced.at(-1)
    const keptUnder = newest === undefined ? -1 : newest.mark
    const mark = this.timeline.beforeWrite(this, keptUnder)
    if (mark !== -1 && mark !== keptUnder) this.replaced.push({ mark, value: this.present })
    this.present = value
  }

  getAt(offset: number): T {
    if (this.replaced.length === 0) return this.present
    const mark = this.timeline.markAt(offset)
    for (const past of this.replaced) {
      if (past.mark >= mark) return past.value
    }
    return this.present
  }

  /** @internal */
  undoNewest(): void {
    this.present = this.replaced.pop()!.value
  }

  /** @internal */
  dropOldest(): void {
    this.replaced.shift()
  }
}
