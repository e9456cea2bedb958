/** What a topic's configuration says about its logs, resolved to numbers. Names follow Kafka's keys. */
import type { AppendRules, CompressionType } from '@barnabas/protocol'

export interface LogConfig {
  segmentBytes: number
  segmentMs: number
  segmentJitterMs: number
  /** segment.index.bytes */
  maxIndexSizeBytes: number
  indexIntervalBytes: number
  maxMessageBytes: number
  flushMessages: number
  flushMs: number
  /** -1 keeps all. */
  retentionMs: number
  /** -1 keeps all. */
  retentionBytes: number
  cleanup: { delete: boolean; compact: boolean }
  deleteRetentionMs: number
  minCompactionLagMs: number
  maxCompactionLagMs: number
  minCleanableDirtyRatio: number
  fileDeleteDelayMs: number
  timestampType: 'CreateTime' | 'LogAppendTime'
  timestampBeforeMaxMs: number
  timestampAfterMaxMs: number
  compression: CompressionType | 'producer'
  compressionLevel?: number
  /** producer.id.expiration.ms */
  producerIdExpirationMs: number
}

const DAY_MS = 86_400_000
const NEVER = Number.MAX_SAFE_INTEGER

/** Kafka's defaults. */
export const DEFAULT_LOG_CONFIG: LogConfig = {
  segmentBytes: 1_073_741_824,
  segmentMs: 7 * DAY_MS,
  segmentJitterMs: 0,
  maxIndexSizeBytes: 10_485_760,
  indexIntervalBytes: 4096,
  maxMessageBytes: 1_048_588,
  flushMessages: NEVER,
  flushMs: NEVER,
  retentionMs: 7 * DAY_MS,
  retentionBytes: -1,
  cleanup: { delete: true, compact: false },
  deleteRetentionMs: DAY_MS,
  minCompactionLagMs: 0,
  maxCompactionLagMs: NEVER,
  minCleanableDirtyRatio: 0.5,
  fileDeleteDelayMs: 60_000,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: NEVER,
  timestampAfterMaxMs: 3_600_000,
  compression: 'producer',
  producerIdExpirationMs: DAY_MS,
}

/** How long a segment is written to at most: compaction must get at its records in time. */
export function effectiveSegmentMs(config: LogConfig): number {
  return config.cleanup.compact && config.maxCompactionLagMs > 0
    ? Math.min(config.segmentMs, config.maxCompactionLagMs)
    : config.segmentMs
}

/** The rules by which a leader checks what is appended to `topicPartition`. */
export function appendRules(
  config: LogConfig,
  topicPartition: string,
  origin: AppendRules['origin'],
): AppendRules {
  const rules: AppendRules = {
    origin,
    topicPartition,
    isCompacted: config.cleanup.compact,
    timestampType: config.timestampType,
    timestampBeforeMaxMs: config.timestampBeforeMaxMs,
    timestampAfterMaxMs: config.timestampAfterMaxMs,
    compression: config.compression,
    maxMessageBytes: config.maxMessageBytes,
    segmentBytes: config.segmentBytes,
  }
  if (config.compressionLevel !== undefined) rules.compressionLevel = config.compressionLevel
  return rules
}
