/**
 * Names of the files and directories of a log, exactly Kafka's: twenty digits of a base offset and a
 * suffix for what a file holds, `.cleaned`, `.swap` or `.deleted` behind it while segments are replaced,
 * and `<topic>-<partition>` directories with a unique suffix while they are deleted, moved or stray.
 */
import type { Entropy } from '@barnabas/base'
import { MAX_FILE_NAME_BYTES } from '../limits.ts'

export const LOG_SUFFIX = '.log'
export const OFFSET_INDEX_SUFFIX = '.index'
export const TIME_INDEX_SUFFIX = '.timeindex'
export const TRANSACTION_INDEX_SUFFIX = '.txnindex'
export const PRODUCER_SNAPSHOT_SUFFIX = '.snapshot'

/** Written by compaction and not yet complete: dropped when found at start. */
export const CLEANED_SUFFIX = '.cleaned'
/** Complete and about to replace what it was made from: renamed into place when found at start. */
export const SWAP_SUFFIX = '.swap'
/** No longer part of the log, to be unlinked. */
export const DELETED_SUFFIX = '.deleted'

export const LEADER_EPOCH_CHECKPOINT = 'leader-epoch-checkpoint'
export const PARTITION_METADATA = 'partition.metadata'
export const RECOVERY_POINT_CHECKPOINT = 'recovery-point-offset-checkpoint'
export const LOG_START_CHECKPOINT = 'log-start-offset-checkpoint'
export const HIGH_WATERMARK_CHECKPOINT = 'replication-offset-checkpoint'
export const CLEANER_CHECKPOINT = 'cleaner-offset-checkpoint'
export const META_PROPERTIES = 'meta.properties'
export const CLEAN_SHUTDOWN = '.kafka_cleanshutdown'
export const LOCK = '.lock'

const SEGMENT_SUFFIXES = [
  LOG_SUFFIX,
  OFFSET_INDEX_SUFFIX,
  TIME_INDEX_SUFFIX,
  TRANSACTION_INDEX_SUFFIX,
  PRODUCER_SNAPSHOT_SUFFIX,
] as const
const STATE_SUFFIXES = ['', CLEANED_SUFFIX, SWAP_SUFFIX, DELETED_SUFFIX] as const

export type SegmentSuffix = (typeof SEGMENT_SUFFIXES)[number]
export type StateSuffix = (typeof STATE_SUFFIXES)[number]

export interface SegmentFileName {
  offset: number
  suffix: SegmentSuffix
  state: StateSuffix
}

/** `00000000000000000042.log` and its kin. */
export function segmentFileName(
  offset: number,
  suffix: SegmentSuffix,
  state: StateSuffix = '',
): string {
  return offset.toString().padStart(20, '0') + suffix + state
}

/** Null for the name of anything else. */
export function parseSegmentFileName(name: string): SegmentFileName | null {
  const match = /^(\d{20})(\.[a-z]+)(\.[a-z]+)?$/.exec(name)
  if (match === null) return null
  const offset = Number(match[1])
  const suffix = SEGMENT_SUFFIXES.find((known) => known === match[2])
  const state = STATE_SUFFIXES.find((known) => known === (match[3] ?? ''))
  if (suffix === undefined || state === undefined || !Number.isSafeInteger(offset)) return null
  return { offset, suffix, state }
}

export type DirectoryState = 'live' | 'delete' | 'future' | 'stray'

export interface PartitionDirectory {
  topic: string
  partition: number
  state: DirectoryState
}

export function partitionDirectoryName(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

/**
 * The name a partition's directory takes while it is deleted, moved to or found stray. The topic is cut
 * where the whole would be longer than file systems allow; the unique part keeps it unambiguous.
 */
export function markedDirectoryName(
  topic: string,
  partition: number,
  state: Exclude<DirectoryState, 'live'>,
  entropy: Entropy,
): string {
  const unique = new Uint8Array(16)
  entropy.fill(unique)
  const tail = `-${partition}.${Buffer.from(unique).toString('hex')}-${state}`
  return topic.slice(0, MAX_FILE_NAME_BYTES - tail.length) + tail
}

/** Null for the name of anything that is no partition's directory. */
export function parsePartitionDirectory(name: string): PartitionDirectory | null {
  const match = /^([a-zA-Z0-9._-]+)-(\d{1,10})(?:\.[0-9a-f]{32}-(delete|future|stray))?$/.exec(name)
  if (match === null) return null
  const partition = Number(match[2])
  if (partition > 0x7fffffff) return null
  return { topic: match[1]!, partition, state: (match[3] ?? 'live') as DirectoryState }
}
