/**
 * Compacts the logs of a broker, one at a time, the one with the largest share of dirty bytes first
 * (CMP-01). When no log is worth it, it looks again after a pause.
 *
 * A log that cannot be compacted (a batch that cannot be read) is left alone until a restart and counted:
 * that is the failure nobody notices until its disk is full.
 */
import { type Clock, type FileSystem, type Logger, StorageError, type Timers } from '@barnabas/base'
import { LogClosedError, LogOfflineError } from '../errors.ts'
import { cleanableRange, type CleanableRange } from './cleanable-range.ts'
import { CleanerCheckpoint } from './cleaner-checkpoint.ts'
import { CleanerMetrics, type CleanerStatistics } from './cleaner-metrics.ts'
import type { CompactableLog } from './compactable-log.ts'
import { Compaction, type CompactionResult } from './compaction.ts'
import { CompactionAbortedError } from './errors.ts'
import { Pace } from './pace.ts'

/** Kafka's log.cleaner.* settings. */
export interface CleanerConfig {
  /** log.cleaner.dedupe.buffer.size */
  dedupeBufferBytes: number
  /** log.cleaner.io.buffer.load.factor */
  dedupeLoadFactor: number
  /** log.cleaner.io.max.bytes.per.second */
  ioMaxBytesPerSecond: number
  /** log.cleaner.backoff.ms */
  backoffMs: number
}

export const DEFAULT_CLEANER_CONFIG: CleanerConfig = {
  dedupeBufferBytes: 134_217_728,
  dedupeLoadFactor: 0.9,
  ioMaxBytesPerSecond: Number.POSITIVE_INFINITY,
  backoffMs: 15_000,
}

export interface LogToClean {
  log: CompactableLog
  /** The log directory, where the checkpoint is; null for a log in memory. */
  directory: string | null
}

export interface LogCleanerOptions {
  clock: Clock
  timers: Timers
  files: FileSystem
  log: Logger
  config: CleanerConfig
  /** All logs there are now, compacted or not. */
  logs: () => Iterable<LogToClean>
  onDirectoryFailure?: (directory: string, error: unknown) => void
  /** Bytes looked at under the lock of a log; for tests. */
  pieceBytes?: number
}

interface Candidate extends LogToClean {
  range: CleanableRange
  /** Of the log when the range was found. */
  changes: number
}

export class LogCleaner {
  private readonly options: LogCleanerOptions
  private readonly logger: Logger
  private readonly pace: Pace
  private readonly metrics: CleanerMetrics
  private readonly checkpoints = new Map<string, CleanerCheckpoint>()
  /** How often a log was truncated or removed, as far as it was. */
  private readonly changes = new WeakMap<CompactableLog, number>()
  /** Where logs were cut, for checkpoints that are read later. */
  private readonly early = new Map<string, number>()
  /** Of logs in memory. */
  private readonly offsets = new WeakMap<CompactableLog, number>()
  private readonly uncleanable = new Map<string, CompactableLog>()
  private config: CleanerConfig
  private working: Promise<void> | null = null
  private wake: (() => void) | null = null
  private isClosed = false

  constructor(options: LogCleanerOptions) {
    const { clock, timers, config } = options
    this.options = options
    this.config = config
    this.logger = options.log.child('log-cleaner')
    this.pace = new Pace(clock, timers, config.ioMaxBytesPerSecond, options.pieceBytes)
    this.metrics = new CleanerMetrics(clock)
  }

  /** Begins to look for work; the first time at once. */
  start(): void {
    if (this.working === null && !this.isClosed) this.working = this.work()
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.pace.stop()
    this.wake?.()
    await this.working
  }

  /** From the next log on. */
  reconfigure(config: CleanerConfig): void {
    this.config = config
    this.pace.bytesPerSecond = config.ioMaxBytesPerSecond
  }

  /** The log is about to lose what lies behind `offset`: what it was compacted to ends there. */
  noteTruncation(log: CompactableLog, offset: number): void {
    this.noteChange(log)
    for (const checkpoint of this.checkpoints.values()) checkpoint.lower(log.name, offset)
    this.early.set(log.name, Math.min(offset, this.early.get(log.name) ?? offset))
    const known = this.offsets.get(log)
    if (known !== undefined && known > offset) this.offsets.set(log, offset)
  }

  /** The log is deleted. */
  noteRemoved(log: CompactableLog): void {
    this.noteChange(log)
    this.uncleanable.delete(log.name)
    for (const checkpoint of this.checkpoints.values()) checkpoint.delete(log.name)
    this.early.set(log.name, 0)
  }

  statistics(): CleanerStatistics {
    return this.metrics.statistics(this.uncleanable.size)
  }

  /** Names of the logs that cannot be compacted. */
  get uncleanableLogs(): readonly string[] {
    return [...this.uncleanable.keys()]
  }

  /** How far the log is compacted, null when it never was. */
  async cleanedUpTo({ log, directory }: LogToClean): Promise<number | null> {
    if (directory === null) return this.offsets.get(log) ?? null
    return (await this.checkpoint(directory)).get(log.name)
  }

  /**
   * One look at all logs, and one round over the filthiest that is worth it. False when there was none.
   */
  async cleanFilthiest(): Promise<boolean> {
    const found = await this.findFilthiest()
    if (found === null) return false
    const result = await this.compact(found)
    if (result !== null) {
      this.metrics.noteRound(result.statistics)
      this.describe(found, result)
      await this.storeCleaned(found, result.endOffset, found.changes)
    }
    return true
  }

  private async work(): Promise<void> {
    while (!this.isClosed) {
      let hadWork = false
      try {
        hadWork = await this.cleanFilthiest()
      } catch (error) {
        this.logger.error('compaction failed; it is tried again later', { error })
      }
      if (!hadWork && !this.isClosed) await this.pause()
    }
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.options.timers.schedule(this.config.backoffMs, () => this.wake?.())
      this.wake = () => {
        this.wake = null
        timer.cancel()
        resolve()
      }
    })
  }

  private async findFilthiest(): Promise<Candidate | null> {
    const nowMs = this.options.clock.nowMs()
    let best: Candidate | null = null
    let maxRatio = 0
    let maxOverdueMs = 0
    for (const one of [...this.options.logs()]) {
      if (this.isClosed) return null
      if (!one.log.config.cleanup.compact || one.log.isOffline) continue
      if (this.uncleanable.get(one.log.name) === one.log) continue
      const changes = this.changesOf(one.log)
      const range = await this.rangeOf(one, nowMs)
      if (range === null || range.cleanBytes + range.cleanableBytes === 0) continue
      maxRatio = Math.max(maxRatio, range.dirtyRatio)
      maxOverdueMs = Math.max(maxOverdueMs, range.overdueMs)
      if (range.cleanableBytes === 0) continue
      const isWorthIt = range.dirtyRatio > one.log.config.minCleanableDirtyRatio
      if (!isWorthIt && range.overdueMs === 0) continue
      if (best === null || range.dirtyRatio > best.range.dirtyRatio) {
        best = { ...one, range, changes }
      }
    }
    this.metrics.noteLook(maxRatio, maxOverdueMs)
    return best
  }

  private async rangeOf(one: LogToClean, nowMs: number): Promise<CleanableRange | null> {
    const { log, directory } = one
    const changes = this.changesOf(log)
    try {
      const checkpoint = await this.cleanedUpTo(one)
      const range = await cleanableRange(log, checkpoint, nowMs)
      if (range.isCheckpointInvalid && directory !== null) {
        this.logger.warn('a log is compacted from its start again: its checkpoint lies outside', {
          log: log.name,
          checkpoint,
        })
        await this.storeCleaned(one, range.firstDirtyOffset, changes)
      }
      return range
    } catch (error) {
      this.handleFailure(one, error)
      return null
    }
  }

  private async compact(candidate: Candidate): Promise<CompactionResult | null> {
    const { log, range, changes } = candidate
    try {
      return await new Compaction({
        log,
        firstDirtyOffset: range.firstDirtyOffset,
        firstUncleanableOffset: range.firstUncleanableOffset,
        clock: this.options.clock,
        pace: this.pace,
        mapMemoryBytes: this.config.dedupeBufferBytes,
        mapLoadFactor: this.config.dedupeLoadFactor,
        isAborted: () => this.isClosed || this.changesOf(log) !== changes,
      }).run()
    } catch (error) {
      this.handleFailure(candidate, error)
      return null
    }
  }

  private handleFailure({ log, directory }: LogToClean, error: unknown): void {
    if (error instanceof LogOfflineError || error instanceof LogClosedError) return
    if (error instanceof CompactionAbortedError) {
      this.logger.info('compaction was given up', { log: log.name, reason: error.message })
      return
    }
    if (error instanceof StorageError && directory !== null) {
      this.options.onDirectoryFailure?.(directory, error)
      return
    }
    this.uncleanable.set(log.name, log)
    this.logger.error('a log cannot be compacted and is left alone until a restart', {
      log: log.name,
      error,
    })
  }

  /** Unless the log changed since: then the offset means nothing any more. */
  private async storeCleaned(one: LogToClean, offset: number, changes: number): Promise<void> {
    const { log, directory } = one
    const checkpoint = directory === null ? null : await this.checkpoint(directory)
    if (this.changesOf(log) !== changes) return
    if (checkpoint === null || directory === null) {
      this.offsets.set(log, offset)
      return
    }
    checkpoint.set(log.topic, log.partition, offset)
    checkpoint.keepOnly(new Set(Array.from(this.options.logs(), (known) => known.log.name)))
    try {
      await checkpoint.store()
    } catch (error) {
      this.options.onDirectoryFailure?.(directory, error)
    }
  }

  private async checkpoint(directory: string): Promise<CleanerCheckpoint> {
    const known = this.checkpoints.get(directory)
    if (known !== undefined) return known
    const read = await CleanerCheckpoint.open(this.options.files, directory, this.logger)
    const meanwhile = this.checkpoints.get(directory)
    if (meanwhile !== undefined) return meanwhile
    for (const [name, offset] of this.early) read.lower(name, offset)
    this.checkpoints.set(directory, read)
    return read
  }

  /** Ends a round over the log, also one that is about to begin. */
  private noteChange(log: CompactableLog): void {
    this.changes.set(log, this.changesOf(log) + 1)
  }

  private changesOf(log: CompactableLog): number {
    return this.changes.get(log) ?? 0
  }

  private describe({ log, range }: Candidate, { endOffset, statistics }: CompactionResult): void {
    this.logger.info('compacted', {
      log: log.name,
      fromOffset: range.firstDirtyOffset,
      endOffset,
      dirtyRatio: range.dirtyRatio,
      bytesRead: statistics.bytesRead,
      bytesWritten: statistics.bytesWritten,
      recordsRead: statistics.recordsRead,
      recordsWritten: statistics.recordsWritten,
      segmentsRead: statistics.segmentsRead,
      segmentsWritten: statistics.segmentsWritten,
      mapUtilization: statistics.mapUtilization,
      elapsedMs: statistics.elapsedMs,
    })
    if (statistics.recordsWithoutKey === 0) return
    this.logger.warn('records without a key were dropped from a compacted log', {
      log: log.name,
      count: statistics.recordsWithoutKey,
    })
  }
}
