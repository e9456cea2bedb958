/** Puts a partition's log together from its directory: settle, recover, load, and hand over. */
import type { Clock, Entropy, FileSystem, Logger, Timers } from '@barnabas/base'
import type { Uuid } from '@barnabas/protocol'
import { CorruptFileError } from './errors.ts'
import { formatEpochs, parseEpochs } from './files/leader-epoch-checkpoint.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import type { LogConfig } from './log-config.ts'
import { loadProducers, rebuildSegment, recoverFrom, type RecoveryParts } from './log-recovery.ts'
import type { LogListener } from './log-types.ts'
import { PartitionLog } from './partition-log.ts'
import { ProducerSnapshots } from './producer/producer-snapshots.ts'
import { ProducerState } from './producer/producer-state.ts'
import { Mutex, SerialWork } from './serial-work.ts'
import { DirectorySideFiles, MemorySideFiles, type SideFiles } from './side-files.ts'
import { findEnd, openFileSegmentStore } from './store/file-loader.ts'
import type { SegmentContext } from './store/file-segment.ts'
import type { HandleCache } from './store/handle-cache.ts'
import { MemorySegmentStore } from './store/memory-segment-store.ts'
import type { SegmentStore } from './store/segment-store.ts'
import type { TailCache } from './tail-cache.ts'

export interface OpenLogOptions {
  topic: string
  partition: number
  /** Null takes the one in the directory, if there is one. */
  topicId: Uuid | null
  directory: string
  files: FileSystem
  handles: HandleCache
  tailCache: TailCache
  clock: Clock
  timers: Timers
  entropy: Entropy
  log: Logger
  config: LogConfig
  /** The process that had the directory before stopped in order. */
  wasStoppedCleanly: boolean
  /** From the checkpoints of the log directory; 0 where they know nothing. */
  recoveryPoint: number
  logStartOffset: number
  highWatermark: number
  listener?: LogListener
}

export async function openPartitionLog(options: OpenLogOptions): Promise<PartitionLog> {
  const { files, directory, config, clock } = options
  const log = options.log.child(`log ${options.topic}-${options.partition}`)
  await files.makeDirectories(directory)
  let opened: PartitionLog | null = null
  let failure: unknown = null
  const onFailure = (error: unknown) => {
    failure ??= error
    opened?.fail(error)
  }
  const work = new SerialWork(onFailure)
  const side = new DirectorySideFiles(files, directory)
  const snapshots = new ProducerSnapshots(side, work, log)
  await snapshots.open()
  const context: SegmentContext = {
    files,
    handles: options.handles,
    directory,
    indexOptions: config,
    rebuild: (segment) => rebuildSegment({ ...recovery, nowMs: clock.nowMs() }, segment),
    onRepair: (segment, why) =>
      log.warn('rebuilding the indexes of a segment', { segment: segment.baseOffset, why }),
  }
  const { timers } = options
  const storeOptions = { context, timers, log, deleteDelayMs: config.fileDeleteDelayMs, onFailure }
  const nowMs = clock.nowMs()
  const store = await openFileSegmentStore(storeOptions, options.logStartOffset, nowMs)
  const storedEpochs = await side.readEpochs()
  const epochs = await readEpochs(storedEpochs, store, log)
  const recovery: RecoveryParts = {
    store,
    producers: new ProducerState(),
    snapshots,
    epochs,
    log,
    logStartOffset: Math.max(options.logStartOffset, store.segments[0]!.baseOffset),
    nowMs,
    producerIdExpirationMs: config.producerIdExpirationMs,
    indexIntervalBytes: config.indexIntervalBytes,
  }
  const isAsItWasStopped = await settle(recovery, options)
  const { producers } = recovery
  const epochsText = formatEpochs(epochs.entries)
  if (epochsText !== storedEpochs) await side.writeEpochs(epochsText)
  opened = new PartitionLog({
    topic: options.topic,
    partition: options.partition,
    topicId: await settleTopicId(side, options.topicId),
    config,
    store,
    side,
    producers,
    snapshots,
    epochs,
    tail: options.tailCache.createTail(),
    work,
    maintenance: new Mutex(),
    clock,
    entropy: options.entropy,
    log,
    listener: options.listener ?? {},
    logStartOffset: recovery.logStartOffset,
    recoveryPoint: isAsItWasStopped ? store.endOffset : options.recoveryPoint,
    highWatermark: options.highWatermark,
  })
  await work.done()
  if (failure !== null) opened.fail(failure)
  return opened
}

/** A log that lives and ends with its process. */
export function createMemoryLog(
  options: Pick<
    OpenLogOptions,
    'topic' | 'partition' | 'topicId' | 'tailCache' | 'clock' | 'entropy' | 'log' | 'config'
  > & { listener?: LogListener },
): PartitionLog {
  const log = options.log.child(`log ${options.topic}-${options.partition}`)
  const work = new SerialWork(() => {})
  const side = new MemorySideFiles()
  return new PartitionLog({
    topic: options.topic,
    partition: options.partition,
    topicId: options.topicId,
    config: options.config,
    store: new MemorySegmentStore(0, options.clock.nowMs()),
    side,
    producers: new ProducerState(),
    snapshots: new ProducerSnapshots(side, work, log),
    epochs: new LeaderEpochs(),
    tail: options.tailCache.createTail(),
    work,
    maintenance: new Mutex(),
    clock: options.clock,
    entropy: options.entropy,
    log,
    listener: options.listener ?? {},
    logStartOffset: 0,
    recoveryPoint: 0,
    highWatermark: 0,
  })
}

/**
 * Recovery, then producers and epochs as of the end that was found. True when the log is as an orderly
 * stop left it.
 */
async function settle(recovery: RecoveryParts, options: OpenLogOptions): Promise<boolean> {
  const { store, snapshots, epochs, producers, log } = recovery
  let isAsItWasStopped = false
  if (options.wasStoppedCleanly) {
    isAsItWasStopped = await findEnd(store)
    if (!isAsItWasStopped) log.warn('the log ends within a batch despite an orderly stop')
  }
  if (!isAsItWasStopped) {
    // After an orderly stop with a cut end, all but the last segment is still to be trusted.
    const from = options.wasStoppedCleanly ? store.active.baseOffset : options.recoveryPoint
    await recoverFrom(recovery, from)
  }
  await startAgainIfBehind(recovery, options)
  const hadSnapshots = snapshots.offsets.length > 0
  await snapshots.removeOutside(recovery.logStartOffset, store.endOffset)
  await snapshots.removeStrays(new Set(store.segments.map(({ baseOffset }) => baseOffset)))
  if (isAsItWasStopped) {
    // Without any snapshot there were no producers: an orderly stop would have written one.
    if (hadSnapshots) await loadProducers(recovery, store.endOffset)
    else producers.clear(store.endOffset)
  }
  snapshots.take(producers)
  epochs.truncateFromEnd(store.endOffset)
  epochs.truncateFromStart(recovery.logStartOffset)
  return isAsItWasStopped
}

/** The log start that was stored lies behind all that is there: files were lost, or taken away. */
async function startAgainIfBehind(recovery: RecoveryParts, options: OpenLogOptions): Promise<void> {
  const { store, snapshots, epochs, producers, log } = recovery
  if (store.endOffset >= options.logStartOffset) return
  log.warn('the log ends before its start offset; it begins again there', {
    endOffset: store.endOffset,
    logStartOffset: options.logStartOffset,
  })
  await store.reset(options.logStartOffset, recovery.nowMs)
  await snapshots.removeAll()
  epochs.clear()
  producers.clear(options.logStartOffset)
  recovery.logStartOffset = options.logStartOffset
}

/** A damaged checkpoint is made again from the batches, which carry their epochs. */
async function readEpochs(
  text: string | null,
  store: SegmentStore,
  log: Logger,
): Promise<LeaderEpochs> {
  if (text === null) return new LeaderEpochs()
  try {
    return new LeaderEpochs(parseEpochs('leader-epoch-checkpoint', text))
  } catch (error) {
    if (!(error instanceof CorruptFileError)) throw error
    log.warn('rebuilding the leader epochs from the log', { reason: error.message })
  }
  const epochs = new LeaderEpochs()
  for (const segment of store.segments) {
    await store.scan(segment, 0, (batch) => {
      const epoch = batch.partitionLeaderEpoch
      if (epoch > epochs.latestEpoch) epochs.assign(epoch, batch.baseOffset)
    })
  }
  return epochs
}

async function settleTopicId(side: SideFiles, wanted: Uuid | null): Promise<Uuid | null> {
  const stored = await side.readTopicId()
  if (stored !== null || wanted === null) return stored
  await side.writeTopicId(wanted)
  return wanted
}
