/**
 * One round of compaction of one log: maps the newest offset of each key in the dirty part, then writes
 * the log from its first segment to the end of what was mapped anew, group by group, without what is
 * superseded. Appends and reads go on meanwhile; the log's lock is held for one piece at a time.
 *
 *   first segment      firstDirtyOffset          mapEndOffset    firstUncleanableOffset
 *        |  compacted before  |   mapped this time    |  next round   |  not yet
 *        |<------------- rewritten ------------------>|
 *
 * A crash at any moment leaves each group as it was or as it is to be: see `SegmentStore.replace`.
 */
import { type Clock, StorageError } from '@barnabas/base'
import { type BatchView, openRecords, RecordCursor } from '@barnabas/protocol'
import { abortedBetween } from '../log-reads.ts'
import type { Segment, SegmentDraft, SegmentStore } from '../store/segment-store.ts'
import { BatchFilter, mustBeSound } from './batch-filter.ts'
import { CleanedTransactions } from './cleaned-transactions.ts'
import type { ActiveProducer, CompactableLog } from './compactable-log.ts'
import { CompactionStatistics } from './compaction-statistics.ts'
import { CompactionAbortedError, UncleanableError } from './errors.ts'
import { MAX_SEGMENT_BYTES } from './limits.ts'
import { OffsetMap } from './offset-map.ts'
import { OutputBuffer } from './output-buffer.ts'
import type { Pace } from './pace.ts'
import { groupSegments } from './segment-groups.ts'

export interface CompactionOptions {
  log: CompactableLog
  /** From here on keys may have come that are in what was compacted before. */
  firstDirtyOffset: number
  /** Base of the first segment that is left alone. */
  firstUncleanableOffset: number
  clock: Clock
  pace: Pace
  mapMemoryBytes: number
  mapLoadFactor: number
  /** Asked at every piece. */
  isAborted: () => boolean
}

export interface CompactionResult {
  /** The log is compacted up to here. */
  endOffset: number
  statistics: CompactionStatistics
}

export class Compaction {
  private readonly options: CompactionOptions
  private readonly log: CompactableLog
  private readonly nowMs: number
  private readonly map: OffsetMap
  private readonly statistics = new CompactionStatistics()
  private readonly output = new OutputBuffer()

  constructor(options: CompactionOptions) {
    this.options = options
    this.log = options.log
    this.nowMs = options.clock.nowMs()
    this.map = new OffsetMap({
      memoryBytes: options.mapMemoryBytes,
      loadFactor: options.mapLoadFactor,
      // Every record has an offset of its own.
      keysMax: options.firstUncleanableOffset - options.firstDirtyOffset,
    })
  }

  async run(): Promise<CompactionResult> {
    const { log, statistics, map } = this
    const { firstUncleanableOffset, clock } = this.options
    statistics.startedMs = clock.monotonicMs()
    await log.flush()
    const mapEndOffset = await this.buildMap()
    statistics.indexedMs = clock.monotonicMs()
    statistics.mapUtilization = map.utilization
    const rules = {
      map,
      mapEndOffset,
      roundEndOffset: firstUncleanableOffset,
      nowMs: this.nowMs,
      deleteRetentionMs: log.config.deleteRetentionMs,
    }
    const filter = new BatchFilter(rules, statistics)
    for (const group of await this.groups(mapEndOffset)) await this.compactGroup(group, filter)
    statistics.endedMs = clock.monotonicMs()
    return { endOffset: mapEndOffset, statistics }
  }

  /** Gives the offset before which every key is in the map. */
  private async buildMap(): Promise<number> {
    const { firstDirtyOffset, firstUncleanableOffset } = this.options
    const transactions = new CleanedTransactions()
    await this.locked(async (store) => {
      transactions.add(await abortedBetween(store, firstDirtyOffset, firstUncleanableOffset))
    })
    let fullAt = -1
    for (const segment of this.segmentsBetween(firstDirtyOffset, firstUncleanableOffset)) {
      const visit = (batch: BatchView) => {
        fullAt = this.mapBatch(batch, transactions)
        return fullAt >= 0
      }
      await this.walk(segment, firstDirtyOffset, visit, async () => 0)
      if (fullAt >= 0) return fullAt
    }
    return firstUncleanableOffset
  }

  /** The offset of the first record that found no room, -1 when all did. */
  private mapBatch(batch: BatchView, transactions: CleanedTransactions): number {
    const { statistics, map } = this
    const { firstDirtyOffset } = this.options
    statistics.mapBytesRead += batch.sizeBytes
    statistics.mapRecordsRead += batch.recordCount
    if (batch.isControl) {
      transactions.onControl(batch)
      return -1
    }
    if (transactions.onData(batch) || batch.recordCount === 0) return -1
    mustBeSound(batch)
    const { baseOffset } = batch
    const records = openRecords(batch)
    const cursor = new RecordCursor(records, batch.recordCount)
    while (cursor.next()) {
      const offset = baseOffset + cursor.offsetDelta
      const { keyAt, keyLength } = cursor
      if (keyLength < 0 || offset < firstDirtyOffset) continue
      if (!map.put(records, keyAt, keyAt + keyLength, offset)) return offset
    }
    return -1
  }

  private groups(mapEndOffset: number): Promise<Segment[][]> {
    const { segmentBytes, maxIndexSizeBytes } = this.log.config
    return this.locked(() => {
      const segments = this.segmentsBetween(0, mapEndOffset)
      const after = this.log.segments[segments.length]
      const endOffset = after?.baseOffset ?? mapEndOffset
      return groupSegments(segments, { segmentBytes, maxIndexSizeBytes, endOffset })
    })
  }

  /** Writes the segments into one that takes their place. */
  private async compactGroup(group: readonly Segment[], filter: BatchFilter): Promise<void> {
    const sizes = group.map(({ sizeBytes }) => sizeBytes)
    let draft: SegmentDraft | null = null
    try {
      const target = await this.locked((store) => {
        filter.producers = this.activeProducers()
        return store.createDraft(group[0]!.baseOffset)
      })
      draft = target
      let isChanged = group.length > 1
      for (const [n, segment] of group.entries()) {
        const upTo = group[n + 1]?.baseOffset ?? Number.MAX_SAFE_INTEGER
        isChanged = (await this.compactInto(target, segment, upTo, filter)) || isChanged
      }
      this.statistics.segmentsRead += group.length
      this.statistics.segmentsWritten++
      if (!isChanged) return await target.discard()
      await this.locked(async (store) => {
        const isSame = group.every((one, n) => isClosedIn(store, one) && one.sizeBytes === sizes[n])
        if (!isSame) throw this.aborted('its segments changed')
        await store.replace(target, group)
        await this.log.afterCompaction?.()
      })
    } catch (error) {
      // What cannot be removed now is dropped at the next start.
      await draft?.discard().catch(() => {})
      throw error
    }
  }

  /** True when something of the segment is left out or changed. */
  private async compactInto(
    draft: SegmentDraft,
    segment: Segment,
    upTo: number,
    filter: BatchFilter,
  ): Promise<boolean> {
    const { output } = this
    const { transactions } = filter
    let isChanged = false
    let droppedTransactions = 0
    await this.locked(async (store) => {
      droppedTransactions = (await segment.abortedTransactions()).length
      transactions.add(await abortedBetween(store, segment.baseOffset, upTo))
    })
    const visit = (batch: BatchView) => {
      const kept = filter.filter(batch)
      if (kept !== batch) isChanged = true
      if (kept !== null) output.add(kept)
    }
    const write = async () => {
      const { sizeBytes } = output
      for (const transaction of transactions.kept.splice(0)) {
        draft.appendAborted(transaction)
        droppedTransactions--
      }
      if (sizeBytes === 0) return 0
      if (draft.sizeBytes + sizeBytes > MAX_SEGMENT_BYTES) {
        throw new UncleanableError(`a segment of ${draft.sizeBytes + sizeBytes} bytes`)
      }
      await draft.append(output.bytes, output.batches)
      output.clear()
      return sizeBytes
    }
    output.clear()
    await this.walk(segment, 0, visit, write)
    return isChanged || droppedTransactions !== 0
  }

  /**
   * Walks over the batches of a segment in pieces until `visit` gives true; after each piece `write`
   * stores what was gathered and gives its size.
   */
  private async walk(
    segment: Segment,
    fromOffset: number,
    visit: (batch: BatchView) => boolean | void,
    write: () => Promise<number>,
  ): Promise<void> {
    const { pace } = this.options
    let from = fromOffset
    for (let hasMore = true; hasMore; ) {
      let bytes = 0
      hasMore = false
      pace.begin()
      await this.locked(async (store) => {
        if (!isClosedIn(store, segment)) throw this.aborted('a segment is gone')
        await store.scan(segment, from, (batch) => {
          if (bytes > 0 && (bytes >= pace.pieceBytes || pace.isDue)) {
            hasMore = true
            return true
          }
          bytes += batch.sizeBytes
          from = batch.nextOffset
          return visit(batch)
        })
        bytes += await write()
      })
      await pace.rest(bytes)
    }
  }

  /**
   * Runs under the log's lock. Only a storage failure may be thrown in there: it ends the log, while
   * anything else ends this compaction.
   */
  private async locked<T>(task: (store: SegmentStore) => Promise<T>): Promise<T> {
    if (this.options.isAborted()) throw this.aborted('told to stop')
    let problem: { error: unknown } | null = null
    const result = await this.log.maintain(async (store) => {
      try {
        if (this.options.isAborted()) throw this.aborted('told to stop')
        return await task(store)
      } catch (error) {
        if (error instanceof StorageError) throw error
        problem = { error }
        return null
      }
    })
    if (problem !== null) throw (problem as { error: unknown }).error
    return result as T
  }

  private aborted(why: string): CompactionAbortedError {
    return new CompactionAbortedError(this.log.name, why)
  }

  /** The closed segments that begin before `to` and reach beyond `from`. */
  private segmentsBetween(from: number, to: number): readonly Segment[] {
    const list = this.log.segments
    return list.filter(
      ({ baseOffset }, n) =>
        baseOffset < to && n < list.length - 1 && list[n + 1]!.baseOffset > from,
    )
  }

  private activeProducers(): ReadonlyMap<number, ActiveProducer> {
    const found = new Map<number, ActiveProducer>()
    for (const { producerId, epoch, lastDataOffset } of this.log.producers.entries()) {
      found.set(producerId, { epoch, lastDataOffset })
    }
    return found
  }
}

function isClosedIn(store: SegmentStore, segment: Segment): boolean {
  return segment !== store.active && store.segments.includes(segment)
}
