/**
 * Opens the segments of a directory. What a crash left half done is settled first, so that the log above
 * sees a list of segments and nothing else:
 *
 *   .deleted, .cleaned, .tmp   dropped
 *   .swap                      compaction was about to put it in place: what it replaces goes, it takes
 *                              its name; unless a .cleaned file at or before it says that its group was
 *                              not complete, then it is dropped and the old segments stay
 *   an index without its log   dropped
 */
import type { Logger } from '@barnabas/base'
import {
  CLEANED_SUFFIX,
  DELETED_SUFFIX,
  LOG_SUFFIX,
  parseSegmentFileName,
  PRODUCER_SNAPSHOT_SUFFIX,
  type SegmentFileName,
  segmentFileName,
  SWAP_SUFFIX,
} from '../files/file-names.ts'
import { FileSegment, type SegmentContext } from './file-segment.ts'
import { type FileStoreOptions, FileSegmentStore } from './file-segment-store.ts'
import { walkSegment } from './segment-scan.ts'

/**
 * An empty directory becomes a log that starts at `startOffset`. Where the last segment ends is not yet
 * known: `findEnd` looks, or recovery scans.
 */
export async function openFileSegmentStore(
  options: FileStoreOptions,
  startOffset: number,
  nowMs: number,
): Promise<FileSegmentStore> {
  const { context, log } = options
  let names = await context.files.list(context.directory)
  if (await dropTemporary(context, log, names)) {
    names = await context.files.list(context.directory)
  }
  if (await completeSwaps(context, log, names, nowMs)) {
    names = await context.files.list(context.directory)
  }
  const segments = await findSegments(context, log, names, nowMs)
  const store = new FileSegmentStore(options)
  if (segments.length === 0) {
    const first = FileSegment.empty(context, startOffset, nowMs)
    store.adopt([first], startOffset)
    await store.createIfMissing(first)
  } else {
    store.adopt(segments, segments.at(-1)!.baseOffset)
  }
  return store
}

/**
 * Finds where the last segment ends, and has the store go on from there. False when bytes follow that
 * are no whole batch: the log was cut off while writing.
 */
export async function findEnd(store: FileSegmentStore): Promise<boolean> {
  const segment = store.active
  const indexes = await segment.load()
  let endOffset = segment.baseOffset
  const from = indexes.offsets.lastPosition
  const { reason } = await walkSegment(segment, from, (batch) => {
    indexes.noteTimestamp(batch)
    endOffset = batch.nextOffset
  })
  await segment.readFirstTimestamp()
  store.adopt(store.segments, endOffset)
  return reason === 'end'
}

function parsed(names: readonly string[]): [name: string, SegmentFileName][] {
  const found: [string, SegmentFileName][] = []
  for (const name of names) {
    const one = parseSegmentFileName(name)
    if (one !== null) found.push([name, one])
  }
  return found
}

/** True when there was something to drop. */
async function dropTemporary(
  context: SegmentContext,
  log: Logger,
  names: readonly string[],
): Promise<boolean> {
  const { files, directory } = context
  let hasDropped = false
  for (const name of names) {
    if (!name.endsWith('.tmp')) continue
    await files.remove(`${directory}/${name}`)
    hasDropped = true
  }
  const all = parsed(names)
  const cleaned = all.filter(([, { state }]) => state === CLEANED_SUFFIX)
  const smallestCleaned = Math.min(...cleaned.map(([, { offset }]) => offset))
  for (const [name, { state, offset }] of all) {
    const isIncompleteSwap = state === SWAP_SUFFIX && offset >= smallestCleaned
    if (state !== DELETED_SUFFIX && state !== CLEANED_SUFFIX && !isIncompleteSwap) continue
    if (state !== DELETED_SUFFIX)
      log.info('dropping the file of an unfinished compaction', { name })
    await files.remove(`${directory}/${name}`)
    hasDropped = true
  }
  return hasDropped
}

/** True when there was something to complete. */
async function completeSwaps(
  context: SegmentContext,
  log: Logger,
  names: readonly string[],
  nowMs: number,
): Promise<boolean> {
  const { files, directory } = context
  const all = parsed(names)
  const swaps = all.filter(([, { state }]) => state === SWAP_SUFFIX)
  if (swaps.length === 0) return false
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  for (const [name, { offset, suffix }] of swaps) {
    if (suffix !== LOG_SUFFIX) continue
    const info = await files.stat(`${directory}/${name}`)
    const segment = new FileSegment(context, offset, info?.sizeBytes ?? 0, nowMs, SWAP_SUFFIX)
    let end = offset
    await walkSegment(segment, 0, (batch) => {
      end = batch.nextOffset
    })
    await context.handles.discard(segment.logPath)
    from = Math.min(from, offset)
    to = Math.max(to, end)
  }
  log.info('completing an interrupted compaction', { fromOffset: from, toOffset: to })
  for (const [name, { offset, suffix, state }] of all) {
    if (state === SWAP_SUFFIX || suffix === PRODUCER_SNAPSHOT_SUFFIX) continue
    if (offset >= from && offset < to) await files.remove(`${directory}/${name}`)
  }
  for (const [name, { offset, suffix }] of swaps) {
    const live = segmentFileName(offset, suffix)
    await files.rename(`${directory}/${name}`, `${directory}/${live}`)
  }
  await files.syncDirectory(directory)
  return true
}

async function findSegments(
  context: SegmentContext,
  log: Logger,
  names: readonly string[],
  nowMs: number,
): Promise<FileSegment[]> {
  const { files, directory } = context
  const all = parsed(names)
  const bases = new Set<number>()
  for (const [, { offset, suffix }] of all) if (suffix === LOG_SUFFIX) bases.add(offset)
  const segments: FileSegment[] = []
  for (const [name, { offset, suffix }] of all) {
    if (suffix === LOG_SUFFIX) {
      const info = await files.stat(`${directory}/${name}`)
      segments.push(new FileSegment(context, offset, info?.sizeBytes ?? 0, nowMs))
    } else if (suffix !== PRODUCER_SNAPSHOT_SUFFIX && !bases.has(offset)) {
      log.warn('dropping an index whose log is missing', { name })
      await files.remove(`${directory}/${name}`)
    }
  }
  return segments.sort((a, b) => a.baseOffset - b.baseOffset)
}
