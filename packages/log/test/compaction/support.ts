/** Logs to compact: records by key, rolled where a test wants it, and what is left of them. */
import type { BatchBuilderOptions } from '@barnabas/protocol'
import {
  BatchBuilder,
  type BatchView,
  decodeRecords,
  endTransactionMarkerBatch,
  readBatches,
} from '@barnabas/protocol'
import {
  type CleanerConfig,
  DEFAULT_CLEANER_CONFIG,
  LogCleaner,
  type LogCleanerOptions,
} from '../../src/compaction/log-cleaner.ts'
import type { LogConfig } from '../../src/log-config.ts'
import type { PartitionLog } from '../../src/partition-log.ts'
import { type LogUnderTest, mustAppend } from '../support/partition-log.ts'

export const COMPACT: Partial<LogConfig> = {
  cleanup: { compact: true, delete: false },
  minCleanableDirtyRatio: 0,
  deleteRetentionMs: 5000,
}

export const ROOT = '/data'

export function keyed(
  records: Record<string, string | null>,
  options: BatchBuilderOptions & { timestamp?: number } = {},
): BatchView {
  const builder = new BatchBuilder(options)
  for (const [key, value] of Object.entries(records)) {
    builder.append(
      options.timestamp ?? 1000,
      Buffer.from(key),
      value === null ? null : Buffer.from(value),
    )
  }
  return builder.build()
}

/** One batch of one record for each `[key, value]`. */
export async function put(log: PartitionLog, ...rows: [string, string | null][]): Promise<void> {
  for (const [key, value] of rows) await mustAppend(log, keyed({ [key]: value }))
}

export async function endTransaction(
  log: PartitionLog,
  producerId: number,
  commit: boolean,
): Promise<void> {
  const marker = endTransactionMarkerBatch({
    commit,
    coordinatorEpoch: 0,
    producerId,
    producerEpoch: 0,
    timestampMs: 1000,
  })
  await mustAppend(log, marker, { origin: 'coordinator' })
}

export async function batchesOf(log: PartitionLog, from = log.logStartOffset) {
  const batches: BatchView[] = []
  for (let offset = from; ; ) {
    const run = await log.read(offset, 1 << 20, 'logEnd', true)
    if (run.sizeBytes === 0) return batches
    batches.push(...readBatches(Buffer.concat(run.parts)).batches)
    offset = run.endOffset
  }
}

/** `offset key=value` of all data records. */
export async function recordsIn(log: PartitionLog): Promise<string[]> {
  const found: string[] = []
  for (const batch of await batchesOf(log)) {
    if (batch.isControl) continue
    for (const { offset, key, value } of decodeRecords(batch)) {
      found.push(`${offset} ${key?.toString()}=${value?.toString() ?? 'null'}`)
    }
  }
  return found
}

export function cleanerOf(
  { log, world, files }: LogUnderTest,
  options: Partial<Omit<LogCleanerOptions, 'config'>> & { config?: Partial<CleanerConfig> } = {},
): LogCleaner {
  return new LogCleaner({
    clock: world.clock,
    timers: world.timers,
    files,
    log: world.log,
    logs: () => [{ log, directory: ROOT }],
    ...options,
    config: { ...DEFAULT_CLEANER_CONFIG, ...options.config },
  })
}
