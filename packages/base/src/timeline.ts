/**
 * State that can go back. A `Timeline` numbers moments of all containers that belong to it
 * (`TimelineMap`, `TimelineSet`, `TimelineValue`); each moment, a mark, carries the log offset up to which
 * the state of that moment follows from the log.
 *
 *   mark(10)        mark(14)        mark(14)      now
 *      |-- writes A --|-- writes B --|-- writes C --|
 *
 * `revertTo` undoes all writes since a mark; `getAt(key, offset)` of a container answers from the newest
 * mark whose offset is not beyond `offset`; `forgetBefore` gives up the past nobody will ask for.
 *
 * A container keeps the overwritten value per mark, so that what is never changed costs nothing, and the
 * present is read at the speed of a plain `Map`. Values must be immutable: replaced, never changed. The
 * order in which a container lists its entries is not part of its state.
 */
import { assert } from './errors.ts'

/** Names one moment of a timeline. Greater marks are later. */
export type TimelineMark = number & { readonly __brand: 'TimelineMark' }

/** What a container does for its timeline. @internal */
export interface TimelineContainer {
  /** Undoes the writes recorded since the newest moment in which this container changed. */
  undoNewest(): void
  /** Drops the record of the oldest moment in which this container changed. */
  dropOldest(): void
}

interface Moment {
  readonly mark: TimelineMark
  readonly offset: number
  /** Containers with writes between this moment and the next. */
  readonly changed: TimelineContainer[]
}

export class Timeline {
  private readonly moments: Moment[] = []
  private nextMark = 0
  private changes = 0

  /** Grows with every write to any container; equal numbers mean that nothing was written between. */
  get changeCount(): number {
    return this.changes
  }

  /** Moments that are remembered. */
  get markCount(): number {
    return this.moments.length
  }

  /** Remembers the present as the state at `offset`. Without writes since such a mark, that one serves. */
  mark(offset: number): TimelineMark {
    const newest = this.moments.at(-1)
    if (newest !== undefined) {
      assert(offset >= newest.offset, `mark ${offset} after mark ${newest.offset}`)
      if (newest.offset === offset && newest.changed.length === 0) return newest.mark
    }
    const mark = this.nextMark++ as TimelineMark
    this.moments.push({ mark, offset, changed: [] })
    return mark
  }

  /** Undoes everything since `mark`; later marks are gone, `mark` itself stays. */
  revertTo(mark: TimelineMark): void {
    const { moments } = this
    const index = this.indexOf(mark)
    for (let n = moments.length - 1; n >= index; n--) {
      const { changed } = moments[n]!
      for (const container of changed) container.undoNewest()
      changed.length = 0
    }
    moments.length = index + 1
    this.changes++
  }

  /** Gives up all marks that no question about `offset` or a later one needs. */
  forgetBefore(offset: number): void {
    const { moments } = this
    let count = 0
    while (count + 1 < moments.length && moments[count + 1]!.offset <= offset) count++
    for (let n = 0; n < count; n++) {
      for (const container of moments[n]!.changed) container.dropOldest()
    }
    if (count > 0) moments.splice(0, count)
  }

  /** Gives up all marks: the present can no longer be undone. */
  forgetAll(): void {
    for (const { changed } of this.moments) {
      for (const container of changed) container.dropOldest()
    }
    this.moments.length = 0
  }

  /** The newest mark whose offset is not beyond `offset`. There must be one. */
  markAt(offset: number): TimelineMark {
    const { moments } = this
    let low = 0
    let high = moments.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (moments[middle]!.offset <= offset) low = middle + 1
      else high = middle
    }
    assert(low > 0, `no mark at or before offset ${offset}`)
    return moments[low - 1]!.mark
  }

  /**
   * Called by a container before it writes. Returns the mark under which the overwritten value must be
   * kept, -1 when nobody can ask for it. `keptUnder` is the mark the container has last got.
   * @internal
   */
  beforeWrite(container: TimelineContainer, keptUnder: number): number {
    this.changes++
    const newest = this.moments.at(-1)
    if (newest === undefined) return -1
    if (newest.mark !== keptUnder) newest.changed.push(container)
    return newest.mark
  }

  private indexOf(mark: TimelineMark): number {
    const { moments } = this
    let low = 0
    let high = moments.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const found = moments[middle]!.mark
      if (found === mark) return middle
      if (found < mark) low = middle + 1
      else high = middle - 1
    }
    assert(false, `mark ${mark} is not remembered`)
  }
}
