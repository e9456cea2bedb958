/**
 * Brings a log that was just opened into a state that can be trusted.
 *
 * After an orderly stop nothing is scanned. After any other end, from the segment of the recovery point
 * on every batch is read and its checksum verified; the indexes, the producers and the leader epochs are
 * rebuilt from what is read; at the first batch that is not whole the log ends, and what lies behind it
 * is dropped. Before the recovery point everything was synced and is taken as it is.
 */
import { type Logger, MalformedError } from '@barnabas/base'
import { type BatchView, MAGIC_V2 } from '@barnabas/protocol'
import type { LeaderEpochs } from './leader-epochs.ts'
import type { LogParts } from './log-types.ts'
import type { ProducerSnapshots } from './producer/producer-snapshots.ts'
import { ProducerState } from './producer/producer-state.ts'
import type { FileSegment } from './store/file-segment.ts'
import { type FileSegmentStore, floorSegment } from './store/file-segment-store.ts'
import type { SegmentIndexes } from './store/segment-indexes.ts'
import type { SegmentStore } from './store/segment-store.ts'
import { walkSegment } from './store/segment-scan.ts'

export interface RecoveryParts {
  store: FileSegmentStore
  producers: ProducerState
  snapshots: ProducerSnapshots
  epochs: LeaderEpochs
  log: Logger
  logStartOffset: number
  nowMs: number
  producerIdExpirationMs: number
  indexIntervalBytes: number
}

/** Scans from the segment that holds `recoveryPoint`. Producers and epochs are then those of the end. */
export async function recoverFrom(parts: RecoveryParts, recoveryPoint: number): Promise<void> {
  const { store, producers, snapshots, log } = parts
  const list = store.segments
  const first = floorSegment(list, recoveryPoint)
  await loadProducers(parts, list[first]!.baseOffset)
  let bytes = 0
  for (let n = first; n < list.length; n++) {
    const segment = list[n]!
    snapshots.take(producers)
    bytes += segment.sizeBytes
    const validBytes = await rebuildFromBatches(segment, parts)
    // It may stand in the page cache only, and the recovery point is to move behind it.
    segment.hasUnsyncedData = true
    segment.hasUnsyncedName = true
    if (validBytes === segment.sizeBytes) continue
    const later = list.slice(n + 1)
    log.warn('the log ends before a batch that is not whole; what lies behind it is dropped', {
      endOffset: producers.endOffset,
      segment: segment.baseOffset,
      cutBytes: segment.sizeBytes - validBytes,
      droppedSegments: later.length,
      droppedBytes: later.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    })
    // Later segments go first: whole without its end this one would look as if they followed it. New
    // batches take the offsets of what goes, so it must not come back from the disk.
    await store.keepFirst(n + 1, producers.endOffset)
    await segment.cut(validBytes)
    await segment.syncData()
    break
  }
  const { active } = store
  // The active segment goes on; only closed ones carry their last timestamp in the index.
  await store.keepFirst(store.segments.length, producers.endOffset)
  await active.readFirstTimestamp()
  if (bytes === 0) return
  log.info('the log was not stopped in order and has been scanned', {
    fromOffset: list[first]!.baseOffset,
    endOffset: store.endOffset,
    segments: list.length - first,
    bytes,
  })
}

/** The producers as of `upTo`: from the newest snapshot before it, and the batches in between. */
export async function loadProducers(parts: RecoveryParts, upTo: number): Promise<void> {
  const { producers, snapshots, logStartOffset, nowMs, producerIdExpirationMs } = parts
  const snapshot = await snapshots.newest(logStartOffset, upTo)
  if (snapshot === null) producers.clear(Math.min(logStartOffset, upTo))
  else producers.load(snapshot.entries, snapshot.offset, nowMs, producerIdExpirationMs)
  snapshots.noteTaken(producers.endOffset)
  await replayProducers(parts.store, producers, upTo)
}

/** Takes the batches from where the producers stand up to `upTo`. */
export async function replayProducers(
  store: SegmentStore,
  producers: ProducerState,
  upTo: number,
): Promise<void> {
  const list = store.segments
  for (let n = floorSegment(list, producers.endOffset); n < list.length; n++) {
    const segment = list[n]!
    if (segment.baseOffset >= upTo || producers.endOffset >= upTo) break
    await store.scan(segment, producers.endOffset, (batch) => {
      if (batch.baseOffset >= upTo) return true
      for (const completed of producers.replay(batch)) producers.complete(completed)
      producers.endOffset = batch.nextOffset
      return false
    })
  }
  producers.endOffset = upTo
}

/** The producers as of `endOffset`, after what came behind it was cut off. */
export async function reloadProducers(parts: LogParts, endOffset: number): Promise<void> {
  const { store, producers, snapshots, clock, config } = parts
  await snapshots.removeOutside(-1, endOffset)
  const snapshot = await snapshots.newest(-1, endOffset)
  if (snapshot === null) producers.clear(Math.min(store.segments[0]!.baseOffset, endOffset))
  else {
    const { entries, offset } = snapshot
    producers.load(entries, offset, clock.nowMs(), config.producerIdExpirationMs)
  }
  snapshots.noteTaken(producers.endOffset)
  await replayProducers(store, producers, endOffset)
}

/** Rebuilds a transaction index that was found damaged; the producers live on aside. */
export async function rebuildSegment(parts: RecoveryParts, segment: FileSegment): Promise<void> {
  const scratch = { ...parts, producers: new ProducerState() }
  const { baseOffset } = segment
  const snapshot = await parts.snapshots.newest(parts.logStartOffset, baseOffset)
  if (snapshot === null) scratch.producers.clear(Math.min(parts.logStartOffset, baseOffset))
  else {
    const { nowMs, producerIdExpirationMs } = parts
    scratch.producers.load(snapshot.entries, snapshot.offset, nowMs, producerIdExpirationMs)
  }
  await replayProducers(parts.store, scratch.producers, baseOffset)
  await rebuildFromBatches(segment, { ...scratch, epochs: null })
}

/**
 * Reads one segment from its start, rebuilding all that is derived from it. The producers must stand at
 * its base, and stand at its end afterwards. Gives the bytes up to the first batch that is not whole.
 */
async function rebuildFromBatches(
  segment: FileSegment,
  parts: Omit<RecoveryParts, 'epochs'> & { epochs: LeaderEpochs | null },
): Promise<number> {
  const { producers, epochs } = parts
  const indexes = segment.clearIndexes()
  producers.endOffset = Math.max(producers.endOffset, segment.baseOffset)
  let validBytes = 0
  await walkSegment(segment, 0, (batch, position) => {
    if (!isSound(batch, segment.baseOffset, producers.endOffset)) return true
    if (!replayInto(batch, producers, indexes)) return true
    indexes.add(batch, position, batch.sizeBytes, parts.indexIntervalBytes)
    const epoch = batch.partitionLeaderEpoch
    if (epochs !== null && epoch > epochs.latestEpoch) epochs.assign(epoch, batch.baseOffset)
    producers.endOffset = batch.nextOffset
    validBytes = position + batch.sizeBytes
    return false
  })
  if (segment !== parts.store.active) indexes.seal()
  return validBytes
}

function isSound(batch: BatchView, baseOffset: number, expectedOffset: number): boolean {
  return (
    batch.magic === MAGIC_V2 &&
    batch.lastOffsetDelta >= 0 &&
    batch.baseOffset >= expectedOffset &&
    batch.lastOffset - baseOffset <= 0x7fffffff &&
    batch.hasValidCrc()
  )
}

/** False for a marker that cannot be read in spite of its checksum. */
function replayInto(batch: BatchView, producers: ProducerState, indexes: SegmentIndexes): boolean {
  try {
    for (const completed of producers.replay(batch)) {
      const aborted = producers.complete(completed)
      if (aborted !== null) indexes.transactions.append(aborted)
    }
    return true
  } catch (error) {
    if (error instanceof MalformedError) return false
    throw error
  }
}
