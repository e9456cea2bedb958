/**
 * One segment in files: `.log` and its indexes. Everything beyond the size is loaded when it is first
 * needed; an index that is missing or not what it should be is rebuilt from the log.
 *
 * `sizeBytes` counts what was accepted, `writtenBytes` what has been handed to the system; only that is
 * read. A lease keeps the segment's files under their names while they are read.
 */
import type { Awaitable, FileSystem } from '@barnabas/base'
import { BATCH_HEADER_BYTES, BatchView } from '@barnabas/protocol'
import { CorruptFileError } from '../errors.ts'
import {
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  segmentFileName,
  type SegmentSuffix,
  type StateSuffix,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
} from '../files/file-names.ts'
import { readIfPresent } from '../files/checkpoint-file.ts'
import { OffsetIndex } from '../index/offset-index.ts'
import { TimeIndex, type TimestampOffset } from '../index/time-index.ts'
import { type AbortedTransaction, TransactionIndex } from '../index/transaction-index.ts'
import type { HandleCache, OpenFile } from './handle-cache.ts'
import { type IndexOptions, SegmentIndexes } from './segment-indexes.ts'
import { scanSegment } from './segment-scan.ts'
import type { Segment } from './segment-store.ts'

/** What the segments of one store share. */
export interface SegmentContext {
  files: FileSystem
  handles: HandleCache
  directory: string
  indexOptions: IndexOptions
  /** A transaction index cannot be rebuilt from its segment alone. */
  rebuild: (segment: FileSegment) => Promise<void>
  onRepair: (segment: FileSegment, why: string) => void
}

export const SEGMENT_FILES: readonly SegmentSuffix[] = [
  OFFSET_INDEX_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
  LOG_SUFFIX,
]

export class FileSegment implements Segment {
  readonly baseOffset: number
  sizeBytes: number
  writtenBytes: number
  createdMs: number
  firstTimestamp = -1
  state: StateSuffix
  /** Null until they are needed. */
  indexes: SegmentIndexes | null = null
  /** The index files do not hold what `indexes` does. */
  hasStaleIndexFiles = false
  /** Written to since the last sync. */
  hasUnsyncedData = false
  /** Its directory has not been synced since the file was made. */
  hasUnsyncedName = false
  private readonly context: SegmentContext
  private loading: Promise<SegmentIndexes> | null = null
  private leases = 0
  private onUnleased: (() => void) | null = null
  private moving: Promise<void> | null = null

  constructor(
    context: SegmentContext,
    baseOffset: number,
    sizeBytes: number,
    createdMs: number,
    state: StateSuffix = '',
  ) {
    this.context = context
    this.baseOffset = baseOffset
    this.sizeBytes = sizeBytes
    this.writtenBytes = sizeBytes
    this.createdMs = createdMs
    this.state = state
  }

  /** A segment with nothing in it yet; its files come with its first bytes. */
  static empty(
    context: SegmentContext,
    baseOffset: number,
    nowMs: number,
    state: StateSuffix = '',
  ): FileSegment {
    const segment = new FileSegment(context, baseOffset, 0, nowMs, state)
    segment.indexes = new SegmentIndexes(baseOffset, context.indexOptions.maxIndexSizeBytes)
    segment.hasStaleIndexFiles = true
    segment.hasUnsyncedName = true
    return segment
  }

  path(suffix: SegmentSuffix): string {
    return `${this.context.directory}/${segmentFileName(this.baseOffset, suffix, this.state)}`
  }

  get logPath(): string {
    return this.path(LOG_SUFFIX)
  }

  get isFull(): boolean {
    return this.indexes?.isFull ?? false
  }

  /** Takes note of batches that will be written at the end. Gives their position. */
  accept(bytes: Buffer, batches: readonly BatchView[]): number {
    const position = this.sizeBytes
    const indexes = this.indexes!
    const { indexIntervalBytes } = this.context.indexOptions
    let at = position
    for (const batch of batches) {
      const { sizeBytes } = batch
      indexes.add(batch, at, sizeBytes, indexIntervalBytes)
      at += sizeBytes
    }
    if (position === 0) this.firstTimestamp = batches[0]!.maxTimestamp
    this.sizeBytes = position + bytes.length
    this.hasStaleIndexFiles = true
    return position
  }

  acquireForWriting(): Awaitable<OpenFile> {
    return this.context.handles.acquire(this.logPath, 'readwrite')
  }

  /** May give fewer bytes than asked for at the end of the file. */
  async readAt(position: number, length: number): Promise<Buffer> {
    return this.readInto(Buffer.allocUnsafeSlow(length), position)
  }

  async readInto(buffer: Buffer, position: number): Promise<Buffer> {
    const file = await this.context.handles.acquire(this.logPath, 'read')
    try {
      const count = await file.handle!.read(buffer, position)
      return count === buffer.length ? buffer : buffer.subarray(0, count)
    } finally {
      this.context.handles.release(file)
    }
  }

  load(): Awaitable<SegmentIndexes> {
    return this.indexes ?? (this.loading ??= this.loadFiles())
  }

  async maxTimestamp(): Promise<TimestampOffset> {
    return (await this.load()).max
  }

  abortedTransactions(): Awaitable<readonly AbortedTransaction[]> {
    if (this.indexes !== null) return this.indexes.transactions.transactions
    return this.loadedTransactions()
  }

  async indexSizeBytes(): Promise<number> {
    const { offsets, times } = await this.load()
    return Math.max(offsets.bytes.length, times.bytes.length)
  }

  async modifiedMs(): Promise<number> {
    const info = await this.withLease(() => this.context.files.stat(this.logPath))
    return info?.modifiedMs ?? this.createdMs
  }

  async readFirstTimestamp(): Promise<number> {
    if (this.firstTimestamp < 0 && this.writtenBytes >= BATCH_HEADER_BYTES) {
      const header = await this.withLease(() => this.readAt(0, BATCH_HEADER_BYTES))
      this.firstTimestamp = new BatchView(header).maxTimestamp
    }
    return this.firstTimestamp
  }

  /** Runs with the segment's files held under their present names. */
  async withLease<T>(run: () => Promise<T>): Promise<T> {
    while (this.moving !== null) await this.moving
    this.leases++
    try {
      return await run()
    } finally {
      this.leases--
      if (this.leases === 0) this.onUnleased?.()
    }
  }

  /** Gives the files another state suffix once no one reads them. Those that do not exist are skipped. */
  async moveTo(state: StateSuffix): Promise<void> {
    let done = () => {}
    this.moving = new Promise((resolve) => {
      done = resolve
    })
    try {
      await this.unleased()
      await this.context.handles.discard(this.logPath)
      const from = SEGMENT_FILES.map((suffix) => this.path(suffix))
      this.state = state
      for (const [n, suffix] of SEGMENT_FILES.entries()) {
        await renameIfPresent(this.context.files, from[n]!, this.path(suffix))
      }
    } finally {
      this.moving = null
      done()
    }
  }

  /** Writes and syncs the index files if they lag behind. */
  async storeIndexes(): Promise<void> {
    const { indexes } = this
    if (indexes === null || !this.hasStaleIndexFiles) return
    const { files } = this.context
    await files.replaceFile(this.path(OFFSET_INDEX_SUFFIX), indexes.offsets.bytes)
    await files.replaceFile(this.path(TIME_INDEX_SUFFIX), indexes.times.bytes)
    const path = this.path(TRANSACTION_INDEX_SUFFIX)
    if (indexes.transactions.transactions.length === 0) await files.remove(path)
    else await files.replaceFile(path, indexes.transactions.bytes)
    this.hasStaleIndexFiles = false
  }

  async syncData(): Promise<void> {
    if (!this.hasUnsyncedData) return
    this.hasUnsyncedData = false
    const { handles } = this.context
    const file = await handles.acquire(this.logPath, 'readwrite')
    try {
      await file.handle!.datasync()
    } catch (error) {
      this.hasUnsyncedData = true
      throw error
    } finally {
      handles.release(file)
    }
  }

  /** Cuts the log file. The caller sees to the indexes. */
  async cut(sizeBytes: number): Promise<void> {
    const { handles } = this.context
    const file = await handles.acquire(this.logPath, 'readwrite')
    try {
      await file.handle!.truncate(sizeBytes)
    } finally {
      handles.release(file)
    }
    this.sizeBytes = sizeBytes
    this.writtenBytes = sizeBytes
    this.hasUnsyncedData = true
    this.hasStaleIndexFiles = true
    if (sizeBytes === 0) this.firstTimestamp = -1
  }

  /** Starts the indexes anew; recovery fills them. */
  clearIndexes(): SegmentIndexes {
    this.indexes = new SegmentIndexes(this.baseOffset, this.context.indexOptions.maxIndexSizeBytes)
    this.loading = null
    this.hasStaleIndexFiles = true
    return this.indexes
  }

  private async loadedTransactions(): Promise<readonly AbortedTransaction[]> {
    return (await this.load()).transactions.transactions
  }

  private unleased(): Promise<void> {
    if (this.leases === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.onUnleased = () => {
        this.onUnleased = null
        resolve()
      }
    })
  }

  private async loadFiles(): Promise<SegmentIndexes> {
    try {
      await this.withLease(() => this.readIndexFiles())
    } catch (error) {
      this.loading = null
      if (!(error instanceof CorruptFileError)) throw error
      this.context.onRepair(this, error.message)
      await this.context.rebuild(this)
    }
    this.loading = null
    return this.indexes!
  }

  private async readIndexFiles(): Promise<void> {
    const { files, indexOptions } = this.context
    const max = indexOptions.maxIndexSizeBytes
    const indexes = new SegmentIndexes(this.baseOffset, max)
    const transactionsPath = this.path(TRANSACTION_INDEX_SUFFIX)
    const transactions = await readIfPresent(files, transactionsPath)
    if (transactions !== null) {
      indexes.transactions = TransactionIndex.load(transactionsPath, this.baseOffset, transactions)
    }
    const problem = await this.readSparseIndexes(indexes)
    if (problem === null) {
      this.indexes = indexes
      return
    }
    // These two follow from the batches alone.
    this.context.onRepair(this, problem)
    const fresh = new SegmentIndexes(this.baseOffset, max)
    fresh.transactions = indexes.transactions
    await scanSegment(this, 0, (batch, position) => {
      fresh.add(batch, position, batch.sizeBytes, indexOptions.indexIntervalBytes)
    })
    fresh.seal()
    this.indexes = fresh
    this.hasStaleIndexFiles = true
  }

  /** What is wrong with the two files, null when nothing is. */
  private async readSparseIndexes(indexes: SegmentIndexes): Promise<string | null> {
    const { files, indexOptions } = this.context
    const { baseOffset } = this
    const max = indexOptions.maxIndexSizeBytes
    const offsetsPath = this.path(OFFSET_INDEX_SUFFIX)
    const timesPath = this.path(TIME_INDEX_SUFFIX)
    const offsets = await readIfPresent(files, offsetsPath)
    const times = await readIfPresent(files, timesPath)
    if (offsets === null) return `${offsetsPath} is missing`
    if (times === null) return `${timesPath} is missing`
    try {
      indexes.offsets = OffsetIndex.load(offsetsPath, baseOffset, max, offsets)
      indexes.times = TimeIndex.load(timesPath, baseOffset, max, times)
    } catch (error) {
      if (error instanceof CorruptFileError) return error.message
      throw error
    }
    if (indexes.offsets.count > 0 && indexes.offsets.lastPosition >= this.sizeBytes) {
      return `${offsetsPath} points behind the end of the log`
    }
    indexes.takeMaxFromTimeIndex()
    return null
  }
}

async function renameIfPresent(files: FileSystem, from: string, to: string): Promise<void> {
  if ((await files.stat(from)) !== null) await files.rename(from, to)
}
