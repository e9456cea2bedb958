/**
 * All logs of a broker, over its log directories: loading at start, creation and deletion, checkpoints,
 * retention, and the end of a directory whose disk fails.
 */
import { assert, type World } from '@barnabas/base'
import type { Uuid } from '@barnabas/protocol'
import { type CleanerConfig, DEFAULT_CLEANER_CONFIG, LogCleaner } from '../compaction/index.ts'
import { LogOfflineError } from '../errors.ts'
import {
  HIGH_WATERMARK_CHECKPOINT,
  LOG_START_CHECKPOINT,
  markedDirectoryName,
  parsePartitionDirectory,
  partitionDirectoryName,
  RECOVERY_POINT_CHECKPOINT,
} from '../files/file-names.ts'
import type { LogConfig } from '../log-config.ts'
import { openPartitionLog } from '../open-partition-log.ts'
import type { PartitionLog } from '../partition-log.ts'
import { HandleCache } from '../store/handle-cache.ts'
import { TailCache } from '../tail-cache.ts'
import { LogDirectory, type NodeIdentity } from './log-directory.ts'
import { inParallel, Periodic } from './periodic.ts'

export interface LogManagerOptions {
  /** log.dirs */
  directories: readonly string[]
  identity: NodeIdentity
  world: Pick<World, 'files' | 'clock' | 'timers' | 'entropy' | 'log'>
  /** The configuration in force for a topic's logs. */
  configOf(topic: string): LogConfig
  /** Topics whose directories are kept by others, such as `__cluster_metadata`. */
  foreignTopics?: readonly string[]
  maxOpenFiles?: number
  tailCacheBytes?: number
  /** num.recovery.threads.per.data.dir */
  recoveryThreadsPerDirectory?: number
  /** log.flush.offset.checkpoint.interval.ms */
  recoveryCheckpointMs?: number
  /** log.flush.start.offset.checkpoint.interval.ms */
  startCheckpointMs?: number
  /** replica.high.watermark.checkpoint.interval.ms */
  highWatermarkCheckpointMs?: number
  /** log.retention.check.interval.ms */
  retentionCheckMs?: number
  /** How often flush.ms of topics is looked after. */
  flushCheckMs?: number
  /** log.initial.task.delay.ms */
  initialDelayMs?: number
  /** producer.id.expiration.check.interval.ms */
  producerExpirationCheckMs?: number
  /** log.cleaner.*; null for log.cleaner.enable=false. Kafka's defaults when absent. */
  cleaner?: CleanerConfig | null
  /** Called once for each directory whose disk fails. Its logs are offline by then. */
  onDirectoryOffline?(directory: LogDirectory, error: unknown): void
  /** Called for an append that was late, once its batches can be read. */
  onEndOffset?(log: PartitionLog): void
}

interface Held {
  log: PartitionLog
  directory: LogDirectory
}

const DEFAULTS = {
  cleaner: DEFAULT_CLEANER_CONFIG,
  maxOpenFiles: 1000,
  tailCacheBytes: 64 * 1024 * 1024,
  recoveryThreadsPerDirectory: 2,
  recoveryCheckpointMs: 60_000,
  startCheckpointMs: 60_000,
  highWatermarkCheckpointMs: 5000,
  retentionCheckMs: 300_000,
  flushCheckMs: 1000,
  initialDelayMs: 30_000,
  producerExpirationCheckMs: 600_000,
}

export class LogManager {
  readonly directories: readonly LogDirectory[]
  readonly handles: HandleCache
  readonly tailCache: TailCache
  /** Null when compaction is off. */
  readonly cleaner: LogCleaner | null
  private readonly options: LogManagerOptions &
    Omit<typeof DEFAULTS, 'cleaner'> & {
      cleaner: CleanerConfig | null
    }
  private readonly byName = new Map<string, Held>()
  private readonly opening = new Map<string, Promise<PartitionLog>>()
  private readonly tasks: Periodic[] = []
  private readonly removals = new Set<{ cancel(): void }>()
  private isClosing = false

  private constructor(options: LogManagerOptions, directories: readonly LogDirectory[]) {
    this.options = { ...DEFAULTS, ...withoutUndefined(options) }
    this.directories = directories
    this.handles = new HandleCache(options.world.files, this.options.maxOpenFiles)
    this.tailCache = new TailCache(this.options.tailCacheBytes)
    const { cleaner } = this.options
    this.cleaner = cleaner === null ? null : this.createCleaner(cleaner)
  }

  /** Takes the directories and loads every log in them. */
  static async open(options: LogManagerOptions): Promise<LogManager> {
    const { world, identity } = options
    const directories: LogDirectory[] = []
    try {
      for (const path of options.directories) {
        directories.push(await LogDirectory.open(path, world, identity))
      }
      const manager = new LogManager(options, directories)
      await Promise.all(directories.map((directory) => manager.loadDirectory(directory)))
      manager.startTasks()
      manager.cleaner?.start()
      return manager
    } catch (error) {
      for (const directory of directories) await directory.release(null)
      throw error
    }
  }

  get(topic: string, partition: number): PartitionLog | undefined {
    return this.byName.get(partitionDirectoryName(topic, partition))?.log
  }

  *logs(): IterableIterator<PartitionLog> {
    for (const { log } of this.byName.values()) yield log
  }

  directoryOf(log: PartitionLog): LogDirectory | null {
    const held = this.byName.get(log.name)
    return held?.log === log ? held.directory : null
  }

  logsIn(directory: LogDirectory): PartitionLog[] {
    const found: PartitionLog[] = []
    for (const held of this.byName.values()) if (held.directory === directory) found.push(held.log)
    return found
  }

  /** Broker epoch of the last orderly stop; null when any directory was not stopped in order. */
  get stoppedEpoch(): number | null {
    const epochs = new Set(this.directories.map(({ stoppedEpoch }) => stoppedEpoch))
    return epochs.size === 1 ? (this.directories[0]?.stoppedEpoch ?? null) : null
  }

  /**
   * The log of a partition, made when it does not exist: in the directory named, else in the one that
   * holds the fewest.
   */
  getOrCreate(
    topic: string,
    partition: number,
    topicId: Uuid | null,
    directoryId?: Uuid,
  ): Promise<PartitionLog> {
    const name = partitionDirectoryName(topic, partition)
    const known = this.byName.get(name)
    if (known !== undefined) return Promise.resolve(known.log)
    let opening = this.opening.get(name)
    if (opening === undefined) {
      opening = this.create(topic, partition, topicId, directoryId).finally(() => {
        this.opening.delete(name)
      })
      this.opening.set(name, opening)
    }
    return opening
  }

  /** Gives the directory another name at once and removes it later. */
  async delete(topic: string, partition: number): Promise<void> {
    const directory = await this.rename(topic, partition, 'delete')
    if (directory === null) return
    this.removeLater(directory.path, directory.renamed)
    await this.checkpointStarts(directory.directory)
    await this.checkpointRecovery(directory.directory)
  }

  /** Puts aside a log that nobody knows of; only its name changes. */
  async markStray(topic: string, partition: number): Promise<void> {
    await this.rename(topic, partition, 'stray')
  }

  /** A topic's configuration has changed. The cleaner has a `reconfigure` of its own. */
  reconfigure(topic: string): void {
    const config = this.options.configOf(topic)
    for (const { log } of this.byName.values()) if (log.topic === topic) log.config = config
  }

  async checkpointHighWatermarks(): Promise<void> {
    await this.eachDirectory((directory) =>
      directory.writeCheckpoint(
        HIGH_WATERMARK_CHECKPOINT,
        this.offsetsIn(directory, (log) => log.highWatermark),
      ),
    )
  }

  async checkpointRecoveryPoints(): Promise<void> {
    await this.eachDirectory((directory) => this.checkpointRecovery(directory))
  }

  async checkpointLogStarts(): Promise<void> {
    await this.eachDirectory((directory) => this.checkpointStarts(directory))
  }

  async applyRetention(): Promise<void> {
    await this.eachLog(async (log) => {
      await log.applyRetention()
    })
  }

  /** Stops all work, closes all logs and marks the directories as stopped in order. */
  async close(brokerEpoch: number): Promise<void> {
    if (this.isClosing) return
    this.isClosing = true
    await this.cleaner?.close()
    for (const task of this.tasks) await task.stop()
    for (const removal of this.removals) removal.cancel()
    await Promise.allSettled(this.opening.values())
    await this.checkpointHighWatermarks()
    await inParallel(this.byName.values(), this.options.recoveryThreadsPerDirectory, ({ log }) =>
      this.ignoringOffline(log.close()),
    )
    await this.checkpointRecoveryPoints()
    await this.checkpointLogStarts()
    await this.handles.closeIdle()
    for (const directory of this.directories) await directory.release(brokerEpoch)
  }

  private createCleaner(config: CleanerConfig): LogCleaner {
    const { clock, timers, files, log } = this.options.world
    const held = this.byName
    return new LogCleaner({
      clock,
      timers,
      files,
      log,
      config,
      *logs() {
        for (const one of held.values()) yield { log: one.log, directory: one.directory.path }
      },
      onDirectoryFailure: (path, error) => {
        const directory = this.directories.find((one) => one.path === path)
        if (directory !== undefined) this.directoryFailed(directory, error)
      },
    })
  }

  private async loadDirectory(directory: LogDirectory): Promise<void> {
    const { files, log, clock } = this.options.world
    const startedMs = clock.monotonicMs()
    const recoveryPoints = await directory.readCheckpoint(RECOVERY_POINT_CHECKPOINT)
    const starts = await directory.readCheckpoint(LOG_START_CHECKPOINT)
    const highWatermarks = await directory.readCheckpoint(HIGH_WATERMARK_CHECKPOINT)
    const found: { topic: string; partition: number }[] = []
    for (const name of await files.list(directory.path)) {
      const parsed = parsePartitionDirectory(name)
      if (parsed === null || this.options.foreignTopics?.includes(parsed.topic)) continue
      if ((await files.stat(`${directory.path}/${name}`))?.isDirectory !== true) continue
      if (parsed.state === 'live') found.push(parsed)
      else if (parsed.state === 'delete') this.removeLater(directory.path, name)
      else log.warn('left alone: a log that is stray or was being moved', { name })
    }
    await inParallel(
      found,
      this.options.recoveryThreadsPerDirectory,
      async ({ topic, partition }) => {
        const name = partitionDirectoryName(topic, partition)
        await this.openLog(topic, partition, null, directory, {
          recoveryPoint: recoveryPoints.get(name) ?? 0,
          logStartOffset: starts.get(name) ?? 0,
          highWatermark: highWatermarks.get(name) ?? 0,
        })
      },
    )
    // A log may end before its stored recovery point; what is appended there is not durable yet.
    await this.onDisk(directory, () => this.checkpointRecovery(directory))
    log.info('loaded the logs of a directory', {
      directory: directory.path,
      logs: found.length,
      wasStoppedCleanly: directory.wasStoppedCleanly,
      tookMs: Math.round(clock.monotonicMs() - startedMs),
    })
  }

  private async create(
    topic: string,
    partition: number,
    topicId: Uuid | null,
    directoryId: Uuid | undefined,
  ): Promise<PartitionLog> {
    const directory = this.chooseDirectory(directoryId)
    const offsets = { recoveryPoint: 0, logStartOffset: 0, highWatermark: 0 }
    const log = await this.openLog(topic, partition, topicId, directory, offsets)
    await this.ignoringOffline(this.options.world.files.syncDirectory(directory.path))
    return log
  }

  private chooseDirectory(id: Uuid | undefined): LogDirectory {
    const online = this.directories.filter(({ isOffline }) => !isOffline)
    const named = online.find((directory) => directory.id === id)
    if (named !== undefined) return named
    const counts = new Map<LogDirectory, number>()
    for (const { directory } of this.byName.values()) {
      counts.set(directory, (counts.get(directory) ?? 0) + 1)
    }
    let best: LogDirectory | null = null
    for (const directory of online) {
      if (best === null || (counts.get(directory) ?? 0) < (counts.get(best) ?? 0)) best = directory
    }
    if (best === null) throw new LogOfflineError('of any partition', new Error('no directory left'))
    return best
  }

  private async openLog(
    topic: string,
    partition: number,
    topicId: Uuid | null,
    directory: LogDirectory,
    offsets: { recoveryPoint: number; logStartOffset: number; highWatermark: number },
  ): Promise<PartitionLog> {
    const { world } = this.options
    const name = partitionDirectoryName(topic, partition)
    let log: PartitionLog
    try {
      log = await openPartitionLog({
        topic,
        partition,
        topicId,
        directory: `${directory.path}/${name}`,
        ...world,
        handles: this.handles,
        tailCache: this.tailCache,
        config: this.options.configOf(topic),
        wasStoppedCleanly: directory.wasStoppedCleanly,
        ...offsets,
        listener: {
          onEndOffset: () => this.options.onEndOffset?.(log),
          onOffline: (error) => this.directoryFailed(directory, error),
          onTruncating: (offset) => this.cleaner?.noteTruncation(log, offset),
          onTruncated: () => this.checkpointRecovery(directory),
        },
      })
    } catch (error) {
      this.directoryFailed(directory, error)
      throw new LogOfflineError(name, error)
    }
    assert(!this.byName.has(name), `two directories hold ${name}`)
    this.byName.set(name, { log, directory })
    return log
  }

  private async rename(
    topic: string,
    partition: number,
    state: 'delete' | 'stray',
  ): Promise<{ directory: LogDirectory; path: string; renamed: string } | null> {
    const { files, entropy } = this.options.world
    const name = partitionDirectoryName(topic, partition)
    await this.opening.get(name)?.catch(() => {})
    const held = this.byName.get(name)
    if (held === undefined) return null
    this.byName.delete(name)
    this.cleaner?.noteRemoved(held.log)
    await held.log.abandon()
    const { directory } = held
    const renamed = markedDirectoryName(topic, partition, state, entropy)
    await this.onDisk(directory, async () => {
      await files.rename(`${directory.path}/${name}`, `${directory.path}/${renamed}`)
      await files.syncDirectory(directory.path)
    })
    return { directory, path: directory.path, renamed }
  }

  private removeLater(path: string, name: string): void {
    const { files, timers, log } = this.options.world
    const { fileDeleteDelayMs } = this.options.configOf('')
    const removal = timers.schedule(fileDeleteDelayMs, () => {
      this.removals.delete(removal)
      files.removeTree(`${path}/${name}`).catch((error: unknown) => {
        log.warn('could not remove a deleted log; the next start will', { name, error })
      })
    })
    this.removals.add(removal)
  }

  private startTasks(): void {
    const { options } = this
    const every = (intervalMs: number, task: () => Promise<void>) => {
      const periodic = new Periodic(options.world.timers, intervalMs, task)
      periodic.start(Math.max(options.initialDelayMs, intervalMs))
      this.tasks.push(periodic)
    }
    every(options.recoveryCheckpointMs, () => this.checkpointRecoveryPoints())
    every(options.startCheckpointMs, () => this.checkpointLogStarts())
    every(options.highWatermarkCheckpointMs, () => this.checkpointHighWatermarks())
    every(options.retentionCheckMs, () => this.applyRetention())
    every(options.flushCheckMs, () => this.flushDue())
    every(options.producerExpirationCheckMs, async () => {
      for (const { log } of this.byName.values()) log.expireProducers()
    })
  }

  private async flushDue(): Promise<void> {
    const nowMs = this.options.world.clock.nowMs()
    await this.eachLog(async (log) => {
      const isDue = nowMs - log.lastFlushMs >= log.config.flushMs
      if (isDue && log.flushedOffset < log.logEndOffset) await log.flush()
    })
  }

  private checkpointRecovery(directory: LogDirectory): Promise<void> {
    return directory.writeCheckpoint(
      RECOVERY_POINT_CHECKPOINT,
      this.offsetsIn(directory, (log) => log.recoveryPoint),
    )
  }

  /** Only where it says more than the name of the first segment. */
  private checkpointStarts(directory: LogDirectory): Promise<void> {
    return directory.writeCheckpoint(
      LOG_START_CHECKPOINT,
      this.offsetsIn(directory, (log) =>
        log.logStartOffset > log.segments[0]!.baseOffset ? log.logStartOffset : null,
      ),
    )
  }

  private *offsetsIn(directory: LogDirectory, offsetOf: (log: PartitionLog) => number | null) {
    for (const held of this.byName.values()) {
      if (held.directory !== directory) continue
      const { log } = held
      const offset = offsetOf(log)
      if (offset !== null) yield { topic: log.topic, partition: log.partition, offset }
    }
  }

  private async eachLog(task: (log: PartitionLog) => Promise<void>): Promise<void> {
    for (const { log } of [...this.byName.values()]) {
      if (!log.isOffline && this.byName.get(log.name)?.log === log) {
        await this.ignoringOffline(task(log))
      }
    }
  }

  private async eachDirectory(task: (directory: LogDirectory) => Promise<void>): Promise<void> {
    for (const directory of this.directories) {
      await this.onDisk(directory, () => task(directory))
    }
  }

  /** A failure is the directory's. */
  private async onDisk(directory: LogDirectory, task: () => Promise<void>): Promise<void> {
    if (directory.isOffline) return
    try {
      await task()
    } catch (error) {
      this.directoryFailed(directory, error)
    }
  }

  private directoryFailed(directory: LogDirectory, error: unknown): void {
    if (!directory.fail(error)) return
    const { log } = this.options.world
    const logs = this.logsIn(directory)
    log.error('a log directory is offline', { directory: directory.path, logs: logs.length, error })
    for (const one of logs) one.fail(error)
    this.options.onDirectoryOffline?.(directory, error)
  }

  /** What a log's failure means has been seen to by its listener. */
  private async ignoringOffline(work: Promise<unknown>): Promise<void> {
    try {
      await work
    } catch (error) {
      this.options.world.log.debug('work on a log ended', { error })
    }
  }
}

/** So that an option given as undefined leaves the default in force. */
function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}
