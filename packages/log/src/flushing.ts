/**
 * When a log's batches become durable: nothing is synced for each write (durability is replication), but
 * at rolls and stops, and as `flush.messages` and `flush.ms` ask. Everything before the recovery point
 * is synced; a restart after a crash scans from there.
 */
import type { Clock } from '@barnabas/base'

export interface FlushSource {
  /** What the next batch gets. */
  readonly nextOffset: number
  /** Syncs all that was accepted before the call. */
  sync(): Promise<void>
}

export class Flushing {
  /** Everything before it survives a crash of the machine. */
  flushedOffset: number
  lastFlushMs: number
  private unflushedRecords = 0
  private readonly source: FlushSource
  private readonly clock: Clock
  private underway: Promise<void> | null = null
  private following: Promise<void> | null = null

  constructor(source: FlushSource, clock: Clock, flushedOffset: number) {
    this.source = source
    this.clock = clock
    this.flushedOffset = flushedOffset
    this.lastFlushMs = clock.nowMs()
  }

  /** Counts what was appended; true when it is time to flush. */
  note(records: number, flushMessages: number): boolean {
    this.unflushedRecords += records
    return this.unflushedRecords >= flushMessages
  }

  flush(): Promise<void> {
    if (this.underway === null) {
      this.underway = this.flushNow().finally(() => {
        this.underway = null
      })
      return this.underway
    }
    // The one under way may have begun before the newest appends, so another follows it.
    this.following ??= this.underway
      .catch(() => {})
      .then(() => {
        this.following = null
        return this.flush()
      })
    return this.following
  }

  /** The log was cut. */
  endAt(offset: number): void {
    this.flushedOffset = Math.min(this.flushedOffset, offset)
  }

  private async flushNow(): Promise<void> {
    const end = this.source.nextOffset
    const records = this.unflushedRecords
    await this.source.sync()
    // It may have been cut while it was synced.
    const durable = Math.min(end, this.source.nextOffset)
    if (durable > this.flushedOffset) this.flushedOffset = durable
    this.unflushedRecords -= Math.min(records, this.unflushedRecords)
    this.lastFlushMs = this.clock.nowMs()
  }
}
