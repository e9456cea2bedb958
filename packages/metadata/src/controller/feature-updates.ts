/** Raising and lowering the levels of features (UpdateFeatures). All updates of a request pass, or none. */
import {
  ErrorCode,
  type UpdateFeaturesRequest,
  type UpdateFeaturesRequestFeatureUpdateKey,
  UpdateFeaturesResponse,
} from '@barnabas/protocol'
import {
  ELIGIBLE_LEADER_REPLICAS,
  KRAFT_VERSION,
  neededMetadataLevel,
  SUPPORTED_FEATURES,
} from '../features/features.ts'
import { losesMetadata, METADATA_VERSION } from '../features/metadata-version.ts'
import { configsOf, featureLevel, metadataLevel, ResourceType } from '../image/cluster-image.ts'
import { configRecord, featureRecord } from '../image/image-records.ts'
import type { MetadataRecord } from '../records/metadata-record.ts'
import type { ControllerContext } from './context.ts'
import { apiError, type Outcome, type PartError, partOf } from './outcome.ts'

const UpgradeType = { UPGRADE: 1, SAFE_DOWNGRADE: 2, UNSAFE_DOWNGRADE: 3 } as const

type Update = UpdateFeaturesRequestFeatureUpdateKey

/** Up to `version` 1 the response has a result for each feature; later the first error stands for all. */
export function updateFeatures(
  context: ControllerContext,
  request: UpdateFeaturesRequest,
  version: number,
): Outcome<UpdateFeaturesResponse> {
  const records: MetadataRecord[] = []
  const proposed = new Map(
    request.featureUpdates.map((each) => [each.feature, each.maxVersionLevel]),
  )
  let failed: PartError | null = null
  for (const update of request.featureUpdates) {
    const error = partOf(records, () => {
      if (request.featureUpdates.length !== proposed.size) {
        throw apiError(ErrorCode.INVALID_REQUEST, 'A feature may be named once.')
      }
      records.push(...decideUpdate(context, update, upgradeTypeOf(update, version), proposed))
    })
    if (error.errorCode !== ErrorCode.NONE) failed ??= { ...error }
  }
  const response = UpdateFeaturesResponse.create({ ...failed })
  if (version <= 1) response.results = resultsOf(request.featureUpdates, failed)
  return { records: failed !== null || request.validateOnly ? [] : records, response }
}

function resultsOf(updates: readonly Update[], failed: PartError | null) {
  // All or nothing: those that would have passed did not happen either.
  const error = failed ?? { errorCode: ErrorCode.NONE, errorMessage: null }
  return updates.map(({ feature }) => ({ feature, ...error, unknownTaggedFields: null }))
}

function upgradeTypeOf(update: Update, version: number): number {
  if (version >= 1) return update.upgradeType
  return update.allowDowngrade ? UpgradeType.SAFE_DOWNGRADE : UpgradeType.UPGRADE
}

function decideUpdate(
  context: ControllerContext,
  { feature, maxVersionLevel: level }: Update,
  upgradeType: number,
  proposed: ReadonlyMap<string, number>,
): MetadataRecord[] {
  const { image } = context
  const present = feature === METADATA_VERSION ? metadataLevel(image) : featureLevel(image, feature)
  const refuse = (why: string) =>
    apiError(
      ErrorCode.INVALID_UPDATE_VERSION,
      `Invalid update version ${level} for feature ${feature}. ${why}`,
    )
  if (upgradeType < UpgradeType.UPGRADE || upgradeType > UpgradeType.UNSAFE_DOWNGRADE) {
    throw refuse('The controller does not support the given upgrade type.')
  }
  if (level < 0) throw refuse('A feature version cannot be less than 0.')
  const unsupported = unsupportedBy(context, feature, level)
  if (unsupported !== null) throw refuse(unsupported)
  if (level < present && upgradeType === UpgradeType.UPGRADE) {
    throw refuse('Lowering a level needs the upgrade type safe or unsafe downgrade.')
  }
  if (level > present && upgradeType !== UpgradeType.UPGRADE) {
    throw refuse('A downgrade cannot raise the level.')
  }
  if (feature === METADATA_VERSION && level < present && losesMetadata(present, level)) {
    throw refuse('The downgrade might delete metadata that the lower version cannot express.')
  }
  const needed = neededMetadataLevel(feature, level)
  const metadata = proposed.get(METADATA_VERSION) ?? metadataLevel(image)
  if (needed !== null && metadata < needed) {
    throw refuse(`It needs ${METADATA_VERSION} at ${needed} or more; it is at ${metadata}.`)
  }
  if (level === present) return []
  return [...elrConfigRecords(context, feature, level), featureRecord(feature, level)]
}

/** Under ELR the whole cluster must judge by one minimum, so it is written down. */
function elrConfigRecords(
  { image, config }: ControllerContext,
  feature: string,
  level: number,
): MetadataRecord[] {
  if (feature !== ELIGIBLE_LEADER_REPLICAS || level === 0) return []
  const name = 'min.insync.replicas'
  const records: MetadataRecord[] = []
  if (!configsOf(image, ResourceType.BROKER, '').has(name)) {
    records.push(configRecord(ResourceType.BROKER, '', name, config.text(name)))
  }
  for (const broker of image.brokers.keys()) {
    if (configsOf(image, ResourceType.BROKER, String(broker)).has(name)) {
      records.push(configRecord(ResourceType.BROKER, String(broker), name, null))
    }
  }
  return records
}

/** Who in the cluster does not support a level; null when all do. */
function unsupportedBy(
  { image, nodeId }: ControllerContext,
  feature: string,
  level: number,
): string | null {
  const own = SUPPORTED_FEATURES.get(feature)
  if (own === undefined) return `Controller ${nodeId} does not know this feature.`
  if (feature === KRAFT_VERSION) return 'It is not kept in the metadata log.'
  const nodes = [
    [`Controller ${nodeId}`, own] as const,
    ...[...image.controllers.values()].map(
      ({ id, features }) => [`Controller ${id}`, features.get(feature)] as const,
    ),
    ...[...image.brokers.values()].map(
      ({ id, features }) => [`Broker ${id}`, features.get(feature)] as const,
    ),
  ]
  for (const [who, range] of nodes) {
    const { min, max } = range ?? { min: 0, max: 0 }
    // Level 0 switches a feature off, which everyone can follow.
    if (level === 0 && feature !== METADATA_VERSION) continue
    if (level < min || level > max) return `${who} only supports versions ${min}-${max}.`
  }
  return null
}
