/** A partition's log over files in memory, with everything around it that a broker would give. */
import { createTestWorld, type MemoryFileSystem, type TestWorld } from '@barnabas/base/testing'
import type { BatchView } from '@barnabas/protocol'
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../../src/log-config.ts'
import type { Appended, AppendResult, Isolation, LeaderAppend } from '../../src/log-types.ts'
import { createMemoryLog, openPartitionLog } from '../../src/open-partition-log.ts'
import type { PartitionLog } from '../../src/partition-log.ts'
import { HandleCache } from '../../src/store/handle-cache.ts'
import { TailCache } from '../../src/tail-cache.ts'
import { simple } from './batches.ts'

export const DIRECTORY = '/data/t-0'

export interface LogSetup {
  world?: TestWorld
  files?: MemoryFileSystem
  config?: Partial<LogConfig>
  tailBytes?: number
  wasStoppedCleanly?: boolean
  recoveryPoint?: number
  logStartOffset?: number
  highWatermark?: number
  onOffline?: (error: unknown) => void
  onEndOffset?: () => void
}

export interface LogUnderTest {
  log: PartitionLog
  world: TestWorld
  files: MemoryFileSystem
  /** Closes (or drops, after a kill or crash) and opens again. */
  reopen(how: 'clean' | 'kill' | 'crash', setup?: LogSetup): Promise<LogUnderTest>
}

export async function openLog(setup: LogSetup = {}): Promise<LogUnderTest> {
  const world = setup.world ?? createTestWorld(1, { startMs: 10_000 })
  const files = setup.files ?? world.files
  const log = await openPartitionLog({
    topic: 't',
    partition: 0,
    topicId: 'SxH9q-ZnQm2sCIIxAR3B1Q',
    directory: DIRECTORY,
    files,
    handles: new HandleCache(files, 8),
    tailCache: new TailCache(setup.tailBytes ?? 0),
    clock: world.clock,
    timers: world.timers,
    entropy: world.entropy,
    log: world.log,
    config: { ...DEFAULT_LOG_CONFIG, timestampAfterMaxMs: 9e15, ...setup.config },
    wasStoppedCleanly: setup.wasStoppedCleanly ?? false,
    recoveryPoint: setup.recoveryPoint ?? 0,
    logStartOffset: setup.logStartOffset ?? 0,
    highWatermark: setup.highWatermark ?? 0,
    listener: {
      onOffline: (error) => setup.onOffline?.(error),
      onEndOffset: () => setup.onEndOffset?.(),
    },
  })
  const reopen = async (how: 'clean' | 'kill' | 'crash', next: LogSetup = {}) => {
    const known = {
      recoveryPoint: log.recoveryPoint,
      logStartOffset: log.logStartOffset,
      highWatermark: log.highWatermark,
    }
    if (how === 'clean') {
      await log.close()
      const clean = { ...known, recoveryPoint: log.recoveryPoint, wasStoppedCleanly: true }
      return openLog({ ...setup, world, ...clean, ...next })
    }
    const left = how === 'kill' ? files.kill() : files.crash()
    return openLog({ ...setup, world, ...known, files: left, wasStoppedCleanly: false, ...next })
  }
  return { log, world, files, reopen }
}

/** The same without files; it cannot be opened again. */
export function openMemoryLog(setup: LogSetup = {}): LogUnderTest {
  const world = setup.world ?? createTestWorld(1, { startMs: 10_000 })
  const log = createMemoryLog({
    topic: 't',
    partition: 0,
    topicId: null,
    tailCache: new TailCache(setup.tailBytes ?? 0),
    clock: world.clock,
    entropy: world.entropy,
    log: world.log,
    config: { ...DEFAULT_LOG_CONFIG, timestampAfterMaxMs: 9e15, ...setup.config },
  })
  const reopen = () => Promise.reject(new Error('a log in memory ends with its process'))
  return { log, world, files: world.files, reopen }
}

/** Appends and makes it visible, as the only replica would. */
export async function append(
  log: PartitionLog,
  batch: BatchView = simple(1),
  options: Partial<LeaderAppend> = {},
): Promise<AppendResult> {
  const result = await log.appendAsLeader(batch, { leaderEpoch: 0, origin: 'client', ...options })
  log.setHighWatermark(log.logEndOffset)
  return result
}

/** The same, when it has to succeed. */
export async function mustAppend(
  log: PartitionLog,
  batch?: BatchView,
  options?: Partial<LeaderAppend>,
): Promise<Appended> {
  const result = await append(log, batch, options)
  if (!result.accepted) throw new Error(`rejected: ${result.errorCode} ${result.message}`)
  return result
}

/** [base offset, last offset] of all batches from `offset` on, and the aborted transactions. */
export async function readAll(
  log: PartitionLog,
  offset = log.logStartOffset,
  isolation: Isolation = 'highWatermark',
): Promise<{ batches: [number, number][]; aborted: number[][] }> {
  const { readBatches } = await import('@barnabas/protocol')
  const batches: [number, number][] = []
  const aborted: number[][] = []
  for (let at = offset; ; ) {
    const run = await log.read(at, 1 << 20, isolation, true)
    for (const { producerId, firstOffset } of run.aborted ?? []) {
      aborted.push([producerId, firstOffset])
    }
    if (run.sizeBytes === 0) return { batches, aborted }
    for (const batch of readBatches(Buffer.concat(run.parts)).batches) {
      batches.push([batch.baseOffset, batch.lastOffset])
    }
    at = run.endOffset
  }
}
