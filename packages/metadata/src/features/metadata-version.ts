/**
 * The levels of `metadata.version`: which records a cluster may write, so that older nodes can read them.
 * A level is a small number; each has the name under which upgrades speak of it.
 */

export const METADATA_VERSION = 'metadata.version'

/** The oldest and the newest level that this code serves, and the newest offered for new clusters. */
export const MIN_METADATA_LEVEL = 7
export const LATEST_PRODUCTION_METADATA_LEVEL = 30
export const MAX_METADATA_LEVEL = 31

/** First levels with something new that records or requests depend on. */
export const MetadataLevel = {
  CONTROLLED_SHUTDOWN_STATE: 7,
  BOOTSTRAP_3_4: 8,
  SCRAM: 11,
  DELEGATION_TOKENS: 13,
  METADATA_TRANSACTIONS: 14,
  CONTROLLER_REGISTRATION: 15,
  DIRECTORY_ASSIGNMENT: 17,
  KRAFT_VERSION: 21,
  ELIGIBLE_LEADER_REPLICAS: 23,
  CORDONED_DIRECTORIES: 30,
} as const

const NAMES: readonly string[] = [
  '3.3-IV3',
  '3.4-IV0',
  '3.5-IV0',
  '3.5-IV1',
  '3.5-IV2',
  '3.6-IV0',
  '3.6-IV1',
  '3.6-IV2',
  '3.7-IV0',
  '3.7-IV1',
  '3.7-IV2',
  '3.7-IV3',
  '3.7-IV4',
  '3.8-IV0',
  '3.9-IV0',
  '4.0-IV0',
  '4.0-IV1',
  '4.0-IV2',
  '4.0-IV3',
  '4.1-IV0',
  '4.1-IV1',
  '4.2-IV0',
  '4.2-IV1',
  '4.3-IV0',
  '4.4-IV0',
]

/** Levels that changed the format of stored metadata: going below one of them loses something. */
const METADATA_CHANGED = new Set([7, 8, 11, 13, 14, 15, 17, 23, 30])

/** `4.3-IV0` for 30. */
export function metadataLevelName(level: number): string {
  return NAMES[level - MIN_METADATA_LEVEL] ?? `unknown(${level})`
}

/** 30 for `4.3-IV0`, and for `4.3` (the newest level of a release); null when there is none. */
export function metadataLevelOf(name: string): number | null {
  const exact = NAMES.indexOf(name)
  if (exact >= 0) return exact + MIN_METADATA_LEVEL
  const newest = NAMES.findLastIndex((each) => each.startsWith(`${name}-`))
  return newest < 0 ? null : newest + MIN_METADATA_LEVEL
}

/** Whether metadata written at `from` may hold what level `to` cannot express. */
export function losesMetadata(from: number, to: number): boolean {
  for (let level = to + 1; level <= from; level++) if (METADATA_CHANGED.has(level)) return true
  return false
}

export function registerBrokerRecordVersion(level: number): number {
  if (level >= MetadataLevel.CORDONED_DIRECTORIES) return 4
  if (level >= MetadataLevel.DIRECTORY_ASSIGNMENT) return 3
  return level >= MetadataLevel.BOOTSTRAP_3_4 ? 2 : 1
}

/** Of both PartitionRecord and PartitionChangeRecord. */
export function partitionRecordVersion(level: number): number {
  if (level >= MetadataLevel.ELIGIBLE_LEADER_REPLICAS) return 2
  return level >= MetadataLevel.DIRECTORY_ASSIGNMENT ? 1 : 0
}

export function brokerRegistrationChangeRecordVersion(level: number): number {
  if (level >= MetadataLevel.CORDONED_DIRECTORIES) return 3
  return level >= MetadataLevel.DIRECTORY_ASSIGNMENT ? 2 : 1
}
