/** What a new cluster begins with: the levels of its features, and what they call for. */
import {
  defaultFeatureLevels,
  ELIGIBLE_LEADER_REPLICAS,
  KRAFT_VERSION,
} from '../features/features.ts'
import {
  LATEST_PRODUCTION_METADATA_LEVEL,
  METADATA_VERSION,
  MetadataLevel,
} from '../features/metadata-version.ts'
import { ResourceType } from '../image/cluster-image.ts'
import { configRecord, featureRecord } from '../image/image-records.ts'
import { type MetadataRecord, metadataRecord } from '../records/metadata-record.ts'

export interface BootstrapOptions {
  /** The newest meant for production when absent. */
  readonly metadataLevel?: number
  /** Levels other than the defaults of the metadata level. */
  readonly features?: ReadonlyMap<string, number>
  /** Cluster-wide `min.insync.replicas`, which must be written down under ELR. */
  readonly minInSyncReplicas?: string
  /** More to begin with, such as SCRAM credentials. */
  readonly records?: readonly MetadataRecord[]
}

/** The content of a bootstrap file. */
export function bootstrapContent(options: BootstrapOptions = {}): MetadataRecord[] {
  const level = options.metadataLevel ?? LATEST_PRODUCTION_METADATA_LEVEL
  const levels = defaultFeatureLevels(level)
  for (const [name, each] of options.features ?? []) levels.set(name, each)
  // The level of the quorum's own format stands in its control records.
  levels.delete(KRAFT_VERSION)
  const raised = [...levels].filter(([, each]) => each > 0).sort(byName)
  return [
    featureRecord(METADATA_VERSION, level),
    ...raised.map(([name, each]) => featureRecord(name, each)),
    ...(options.records ?? []),
  ]
}

/** The first records of a log, as one transaction where the level knows such. */
export function bootstrapRecords(options: BootstrapOptions = {}): MetadataRecord[] {
  return bootstrapTransaction(bootstrapContent(options), options.minInSyncReplicas ?? '1')
}

/** The same from the content of a bootstrap file. */
export function bootstrapTransaction(
  content: readonly MetadataRecord[],
  minInSyncReplicas: string,
): MetadataRecord[] {
  const records = [...content]
  const level = levelIn(content, METADATA_VERSION)
  if (levelIn(content, ELIGIBLE_LEADER_REPLICAS) > 0) {
    records.push(configRecord(ResourceType.BROKER, '', 'min.insync.replicas', minInSyncReplicas))
  }
  if (level < MetadataLevel.METADATA_TRANSACTIONS) return records
  return [
    metadataRecord('BeginTransactionRecord', 0, { name: 'Bootstrap records' }),
    ...records,
    metadataRecord('EndTransactionRecord', 0, {}),
  ]
}

function levelIn(records: readonly MetadataRecord[], name: string): number {
  for (const record of records) {
    if (record.type === 'FeatureLevelRecord' && record.data.name === name) {
      return record.data.featureLevel
    }
  }
  return 0
}

function byName([left]: [string, number], [right]: [string, number]): number {
  return left < right ? -1 : 1
}
