/**
 * The features a cluster can raise to a level of their own, beside `metadata.version`: what this code
 * supports, what each level needs of others, and which levels a new cluster begins with.
 */
import {
  MAX_METADATA_LEVEL,
  METADATA_VERSION,
  MetadataLevel,
  MIN_METADATA_LEVEL,
} from './metadata-version.ts'
import type { VersionRange } from '../image/cluster-image.ts'

export const KRAFT_VERSION = 'kraft.version'
export const TRANSACTION_VERSION = 'transaction.version'
export const GROUP_VERSION = 'group.version'
export const ELIGIBLE_LEADER_REPLICAS = 'eligible.leader.replicas.version'
export const SHARE_VERSION = 'share.version'
export const STREAMS_VERSION = 'streams.version'

interface Feature {
  readonly max: number
  /** The metadata level from which on new clusters get a feature level; the last that fits counts. */
  readonly defaults: readonly { level: number; metadataLevel: number }[]
  /** The lowest metadata level at which a feature level may be set. */
  readonly needs?: Readonly<Record<number, number>>
}

const FEATURES: Readonly<Record<string, Feature>> = {
  [KRAFT_VERSION]: { max: 1, defaults: [{ level: 1, metadataLevel: 21 }] },
  [TRANSACTION_VERSION]: { max: 2, defaults: [{ level: 2, metadataLevel: 24 }] },
  [GROUP_VERSION]: { max: 1, defaults: [{ level: 1, metadataLevel: 22 }] },
  [ELIGIBLE_LEADER_REPLICAS]: {
    max: 1,
    defaults: [{ level: 1, metadataLevel: 26 }],
    needs: { 1: MetadataLevel.ELIGIBLE_LEADER_REPLICAS },
  },
  [SHARE_VERSION]: { max: 1, defaults: [{ level: 1, metadataLevel: 28 }] },
  [STREAMS_VERSION]: { max: 1, defaults: [{ level: 1, metadataLevel: 29 }] },
}

/** What a node running this code says it supports when it registers. */
export const SUPPORTED_FEATURES: ReadonlyMap<string, VersionRange> = new Map([
  [METADATA_VERSION, { min: MIN_METADATA_LEVEL, max: MAX_METADATA_LEVEL }],
  ...Object.entries(FEATURES).map(([name, { max }]) => [name, { min: 0, max }] as const),
])

/** Levels other than 0 that a new cluster of a metadata level has, `metadata.version` not among them. */
export function defaultFeatureLevels(metadataLevel: number): Map<string, number> {
  const levels = new Map<string, number>()
  for (const [name, { defaults }] of Object.entries(FEATURES)) {
    const fitting = defaults.filter((each) => each.metadataLevel <= metadataLevel)
    const last = fitting.at(-1)
    if (last !== undefined) levels.set(name, last.level)
  }
  return levels
}

/** The metadata level that a feature level needs; null when any will do. */
export function neededMetadataLevel(name: string, level: number): number | null {
  return FEATURES[name]?.needs?.[level] ?? null
}
