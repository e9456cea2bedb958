/**
 * The snapshot files of one log's producers: written at every roll and stop, read newest first at start,
 * removed with the segments they belong to.
 */
import type { Logger } from '@barnabas/base'
import { CorruptFileError } from '../errors.ts'
import type { SerialWork } from '../serial-work.ts'
import type { SideFiles } from '../side-files.ts'
import {
  formatProducerSnapshot,
  parseProducerSnapshot,
  type ProducerSnapshotEntry,
} from './producer-snapshot.ts'
import type { ProducerState } from './producer-state.ts'

export interface LoadedSnapshot {
  offset: number
  entries: ProducerSnapshotEntry[]
}

export class ProducerSnapshots {
  private readonly side: SideFiles
  private readonly work: SerialWork
  private readonly log: Logger
  /** Ascending. */
  private list: number[] = []
  /** No snapshot is taken unless the state went beyond this offset. */
  private takenAt = 0

  constructor(side: SideFiles, work: SerialWork, log: Logger) {
    this.side = side
    this.work = work
    this.log = log
  }

  get offsets(): readonly number[] {
    return this.list
  }

  async open(): Promise<void> {
    this.list = await this.side.listSnapshots()
  }

  /** The newest whole snapshot with an offset in (after, upTo]; those found not whole are removed. */
  async newest(after: number, upTo: number): Promise<LoadedSnapshot | null> {
    for (const offset of this.list.filter((one) => one > after && one <= upTo).reverse()) {
      const content = await this.side.readSnapshot(offset)
      if (content !== null) {
        try {
          return { offset, entries: parseProducerSnapshot(this.side.snapshotPath(offset), content) }
        } catch (error) {
          if (!(error instanceof CorruptFileError)) throw error
          this.log.warn('dropping a producer snapshot', { reason: error.message })
        }
      }
      await this.remove(offset)
    }
    return null
  }

  /** Those that speak of batches beyond the end of the log, or only of batches before its start. */
  async removeOutside(logStartOffset: number, logEndOffset: number): Promise<void> {
    for (const offset of this.list.filter((one) => one > logEndOffset || one <= logStartOffset)) {
      await this.remove(offset)
    }
  }

  /** The state stands in a file (or in the log's beginning) up to this offset. */
  noteTaken(offset: number): void {
    this.takenAt = offset
  }

  /** Queues the state as it is now, unless the last snapshot says the same. */
  take(state: ProducerState): void {
    const offset = state.endOffset
    if (offset <= this.takenAt) return
    this.takenAt = offset
    if (!this.list.includes(offset)) this.list.push(offset)
    const content = formatProducerSnapshot(state.snapshot())
    void this.work.run(() => this.side.writeSnapshot(offset, content, true)).catch(() => {})
  }

  /** Those of dropped segments; the newest snapshot stays, whatever it is of. */
  removeBefore(offset: number): void {
    const newest = this.list.at(-1)
    for (const one of this.list.filter((known) => known < offset && known !== newest)) {
      void this.work.run(() => this.side.removeSnapshot(one)).catch(() => {})
    }
    this.list = this.list.filter((one) => one >= offset || one === newest)
  }

  /** Those at no segment's base, except one newer than all segments. */
  async removeStrays(baseOffsets: ReadonlySet<number>): Promise<void> {
    const newest = this.list.at(-1)
    const lastBase = Math.max(...baseOffsets)
    for (const offset of [...this.list]) {
      const isNewestAndLast = offset === newest && offset > lastBase
      if (!baseOffsets.has(offset) && !isNewestAndLast) await this.remove(offset)
    }
  }

  async removeAll(): Promise<void> {
    for (const offset of [...this.list]) await this.remove(offset)
  }

  private async remove(offset: number): Promise<void> {
    this.list = this.list.filter((one) => one !== offset)
    await this.side.removeSnapshot(offset)
  }
}
