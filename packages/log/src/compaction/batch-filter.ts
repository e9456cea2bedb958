/**
 * Decides for each batch of a log what compaction leaves of it: all, some of its records, an empty batch
 * that only says where its producer stands, or nothing. Offsets never change (CMP-09): what is left of a
 * batch keeps its base and last offset, and its sequence numbers with them.
 *
 * A tombstone, and a marker whose transaction is gone, must stay long enough for every consumer to see
 * it. So the first pass that keeps it only stamps when that time is over (the delete horizon, KIP-534);
 * a later pass after that time drops it.
 */
import {
  BatchBuilder,
  type BatchBuilderOptions,
  type BatchView,
  clampInt64,
  codecByCode,
  emptyBatchOf,
  MAGIC_V2,
  NO_PRODUCER_ID,
  openRecords,
  RecordCursor,
} from '@barnabas/protocol'
import type { ActiveProducer } from './compactable-log.ts'
import { CleanedTransactions } from './cleaned-transactions.ts'
import type { CompactionStatistics } from './compaction-statistics.ts'
import { UncleanableError } from './errors.ts'
import type { OffsetMap } from './offset-map.ts'

export interface FilterRules {
  map: OffsetMap
  /** The map speaks of records before this offset; the others stay. */
  mapEndOffset: number
  /** A batch that ends here is the last of the round and stays, empty if need be. */
  roundEndOffset: number
  nowMs: number
  deleteRetentionMs: number
}

export class BatchFilter {
  /** By producer id; set by the owner before each group of segments. */
  producers: ReadonlyMap<number, ActiveProducer> = new Map()
  readonly transactions = new CleanedTransactions()
  private readonly rules: FilterRules
  private readonly statistics: CompactionStatistics
  /** One for each record of the batch at hand: whether it stays. */
  private stays = new Uint8Array(1024)

  constructor(rules: FilterRules, statistics: CompactionStatistics) {
    this.rules = rules
    this.statistics = statistics
  }

  /** What stays of the batch: the batch itself when all of it does, null for nothing. */
  filter(batch: BatchView): BatchView | null {
    if (batch.magic !== MAGIC_V2) {
      throw new UncleanableError(`a batch of magic ${batch.magic} at offset ${batch.baseOffset}`)
    }
    const { statistics } = this
    statistics.bytesRead += batch.sizeBytes
    statistics.recordsRead += batch.recordCount
    const kept = batch.isControl ? this.filterControl(batch) : this.filterData(batch)
    if (kept !== null) {
      statistics.bytesWritten += kept.sizeBytes
      statistics.recordsWritten += kept.recordCount
    }
    return kept
  }

  private filterControl(batch: BatchView): BatchView | null {
    const isOver = this.transactions.onControl(batch)
    const horizonMs = batch.deleteHorizonMs
    const mayGo = isOver && horizonMs !== null && horizonMs <= this.rules.nowMs
    if (batch.recordCount === 0 || mayGo) return this.emptied(batch)
    if (!isOver || horizonMs !== null) return batch
    this.stays.fill(1, 0, this.reserve(batch))
    return this.rebuilt(batch, openRecords(batch), this.newHorizonMs)
  }

  private filterData(batch: BatchView): BatchView | null {
    const isAborted = this.transactions.onData(batch)
    if (batch.recordCount === 0 || isAborted) return this.emptied(batch)
    const records = openRecords(batch)
    const { kept, tombstones } = this.markRecords(batch, records)
    if (kept === 0) return this.emptied(batch)
    const horizonMs = batch.deleteHorizonMs
    const needsHorizon = tombstones > 0 && horizonMs === null
    if (kept === batch.recordCount && !needsHorizon) return batch
    return this.rebuilt(batch, records, needsHorizon ? this.newHorizonMs : horizonMs)
  }

  /** Sets `stays` for each record. */
  private markRecords(batch: BatchView, records: Buffer): { kept: number; tombstones: number } {
    this.reserve(batch)
    const { stays } = this
    const { map, mapEndOffset, nowMs } = this.rules
    const { baseOffset, deleteHorizonMs } = batch
    const keepsTombstones = deleteHorizonMs === null || nowMs < deleteHorizonMs
    const cursor = new RecordCursor(records, batch.recordCount)
    let kept = 0
    let tombstones = 0
    for (let n = 0; cursor.next(); n++) {
      const offset = baseOffset + cursor.offsetDelta
      const { keyAt, keyLength } = cursor
      const isTombstone = cursor.valueLength < 0
      let isKept: boolean
      if (offset >= mapEndOffset) isKept = true
      else if (keyLength < 0) {
        isKept = false
        this.statistics.recordsWithoutKey++
      } else {
        isKept =
          (!isTombstone || keepsTombstones) && offset >= map.get(records, keyAt, keyAt + keyLength)
      }
      stays[n] = isKept ? 1 : 0
      if (!isKept) continue
      kept++
      if (isTombstone) tombstones++
    }
    return { kept, tombstones }
  }

  /** The batch around the records that stay, compressed as it was. */
  private rebuilt(batch: BatchView, records: Buffer, horizonMs: number | null): BatchView {
    mustBeSound(batch)
    const appendTimeMs = batch.isLogAppendTime ? batch.maxTimestamp : null
    const options: BatchBuilderOptions = {
      compression: codecByCode(batch.compressionCode).type,
      baseOffset: batch.baseOffset,
      partitionLeaderEpoch: batch.partitionLeaderEpoch,
      producerId: batch.producerId,
      producerEpoch: batch.producerEpoch,
      baseSequence: batch.baseSequence,
      isTransactional: batch.isTransactional,
      isControl: batch.isControl,
    }
    if (appendTimeMs !== null) options.logAppendTimeMs = appendTimeMs
    if (horizonMs !== null) options.deleteHorizonMs = horizonMs
    const builder = new BatchBuilder(options)
    const { stays } = this
    const { baseTimestamp } = batch
    const cursor = new RecordCursor(records, batch.recordCount)
    for (let n = 0; cursor.next(); n++) {
      if (stays[n] === 0) continue
      builder.appendAt(
        cursor.offsetDelta,
        appendTimeMs ?? clampInt64(baseTimestamp + cursor.timestampDelta),
        cursor.key(),
        cursor.value(),
        cursor.headerCount === 0 ? [] : cursor.headers(),
      )
    }
    builder.extendTo(batch.lastOffsetDelta)
    return builder.build()
  }

  /** What stays when no record does. */
  private emptied(batch: BatchView): BatchView | null {
    if (!this.mustStayAsBatch(batch)) return null
    mustBeSound(batch)
    return batch.recordCount === 0 ? batch : emptyBatchOf(batch)
  }

  /** The end of the round, and what an active producer was last heard of by, stay (CMP-07). */
  private mustStayAsBatch(batch: BatchView): boolean {
    if (batch.nextOffset === this.rules.roundEndOffset) return true
    const { producerId } = batch
    if (producerId === NO_PRODUCER_ID) return false
    const last = this.producers.get(producerId)
    if (last === undefined) return false
    return last.lastDataOffset >= 0
      ? batch.lastOffset === last.lastDataOffset
      : batch.isControl && batch.producerEpoch === last.epoch
  }

  private reserve(batch: BatchView): number {
    const { recordCount } = batch
    if (recordCount < 0) throw new UncleanableError(`${recordCount} records in a batch`)
    // A record has seven bytes at least; the cursor finds what is wrong with a count beyond that.
    if (recordCount > this.stays.length) this.stays = new Uint8Array(recordCount)
    return recordCount
  }

  private get newHorizonMs(): number {
    return this.rules.nowMs + this.rules.deleteRetentionMs
  }
}

/** What is written anew gets a new checksum, so the old one must have been right. */
export function mustBeSound(batch: BatchView): void {
  if (!batch.hasValidCrc()) {
    throw new UncleanableError(
      `the batch at offset ${batch.baseOffset} does not match its checksum`,
    )
  }
}
