/** What the metrics say of the log cleaner (OBS-21), under Kafka's names in their mind. */
import type { Clock } from '@barnabas/base'
import type { CompactionStatistics } from './compaction-statistics.ts'

export interface CleanerStatistics {
  /** Of the last round, in percent. */
  maxBufferUtilizationPercent: number
  /** Bytes written for bytes read in the last round, in percent. */
  recopyPercent: number
  maxCleanTimeSeconds: number
  /** By how much the longest waiting record is late for max.compaction.lag.ms. */
  maxCompactionDelaySeconds: number
  /** Of the filthiest log at the last look, in percent. */
  maxDirtyPercent: number
  timeSinceLastRunMs: number
  uncleanablePartitions: number
  rounds: number
  /** Records dropped because they had no key. */
  recordsWithoutKey: number
}

export class CleanerMetrics {
  private readonly clock: Clock
  private last: CompactionStatistics | null = null
  private lastLookMs: number
  private maxDirtyRatio = 0
  private maxOverdueMs = 0
  private rounds = 0
  private recordsWithoutKey = 0

  constructor(clock: Clock) {
    this.clock = clock
    this.lastLookMs = clock.monotonicMs()
  }

  noteLook(maxDirtyRatio: number, maxOverdueMs: number): void {
    this.lastLookMs = this.clock.monotonicMs()
    this.maxDirtyRatio = maxDirtyRatio
    this.maxOverdueMs = maxOverdueMs
  }

  noteRound(statistics: CompactionStatistics): void {
    this.last = statistics
    this.rounds++
    this.recordsWithoutKey += statistics.recordsWithoutKey
  }

  statistics(uncleanablePartitions: number): CleanerStatistics {
    return {
      maxBufferUtilizationPercent: Math.round((this.last?.mapUtilization ?? 0) * 100),
      recopyPercent: Math.round((this.last?.recopyRatio ?? 0) * 100),
      maxCleanTimeSeconds: Math.round((this.last?.elapsedMs ?? 0) / 1000),
      maxCompactionDelaySeconds: Math.round(this.maxOverdueMs / 1000),
      maxDirtyPercent: Math.floor(this.maxDirtyRatio * 100),
      timeSinceLastRunMs: this.clock.monotonicMs() - this.lastLookMs,
      uncleanablePartitions,
      rounds: this.rounds,
      recordsWithoutKey: this.recordsWithoutKey,
    }
  }
}
