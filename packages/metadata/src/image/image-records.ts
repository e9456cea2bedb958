/**
 * An image as the records that make it out of nothing: the content of a snapshot. Nodes of an older
 * `metadata.version` could not read newer records, so each is written in the version of the image's level.
 */
import type { ConfigTexts } from '../configs/config-view.ts'
import {
  METADATA_VERSION,
  partitionRecordVersion,
  registerBrokerRecordVersion,
} from '../features/metadata-version.ts'
import { type MetadataRecord, metadataRecord } from '../records/metadata-record.ts'
import {
  type BrokerImage,
  type ClusterImage,
  type ControllerImage,
  configResource,
  type DelegationTokenImage,
  metadataLevel,
  type QuotaImage,
  type ScramImage,
  type TopicImage,
  type VersionRange,
} from './cluster-image.ts'
import type { PartitionImage } from './partition-image.ts'

/** Records in an order in which they can be replayed. */
export function* imageRecords(image: ClusterImage): Iterable<MetadataRecord> {
  const level = metadataLevel(image)
  yield* featureRecords(image)
  for (const broker of image.brokers.values()) yield brokerRecord(broker, level)
  for (const controller of image.controllers.values()) yield controllerRecord(controller)
  for (const topic of image.topics.byId.values()) yield* topicRecords(topic, level)
  for (const [key, texts] of image.configs) yield* configRecords(key, texts)
  for (const quota of image.quotas.values()) yield* quotaRecords(quota)
  const { nextProducerId } = image
  // Who took the last block does not matter any more.
  const nobody = { brokerId: -1, brokerEpoch: -1 }
  if (nextProducerId > 0)
    yield metadataRecord('ProducerIdsRecord', 0, { ...nobody, nextProducerId })
  for (const acl of image.acls.values()) yield metadataRecord('AccessControlEntryRecord', 0, acl)
  for (const credential of image.scram.values()) yield scramRecord(credential)
  for (const token of image.delegationTokens.values()) yield tokenRecord(token)
}

function* featureRecords(image: ClusterImage): Iterable<MetadataRecord> {
  const level = image.features.get(METADATA_VERSION)
  // First of all: it says how to read the rest.
  if (level !== undefined) yield featureRecord(METADATA_VERSION, level)
  for (const [name, featureLevel] of image.features) {
    if (name !== METADATA_VERSION) yield featureRecord(name, featureLevel)
  }
}

export function featureRecord(name: string, featureLevel: number): MetadataRecord {
  return metadataRecord('FeatureLevelRecord', 0, { name, featureLevel })
}

function brokerRecord(broker: BrokerImage, level: number): MetadataRecord {
  const version = registerBrokerRecordVersion(level)
  return metadataRecord('RegisterBrokerRecord', version, {
    brokerId: broker.id,
    incarnationId: broker.incarnationId,
    brokerEpoch: broker.epoch,
    endPoints: broker.endpoints.map((each) => ({ ...each, unknownTaggedFields: null })),
    features: featureRanges(broker.features),
    rack: broker.rack,
    fenced: broker.fenced,
    inControlledShutdown: broker.inControlledShutdown,
    ...(version >= 3 ? { logDirs: [...broker.logDirs] } : {}),
    ...(version >= 4 ? { cordonedLogDirs: [...broker.cordonedLogDirs] } : {}),
  })
}

function controllerRecord(controller: ControllerImage): MetadataRecord {
  return metadataRecord('RegisterControllerRecord', 0, {
    controllerId: controller.id,
    incarnationId: controller.incarnationId,
    zkMigrationReady: controller.zkMigrationReady,
    endPoints: controller.endpoints.map((each) => ({ ...each, unknownTaggedFields: null })),
    features: featureRanges(controller.features),
  })
}

function featureRanges(features: ReadonlyMap<string, VersionRange>) {
  return [...features].map(([name, { min, max }]) => ({
    name,
    minSupportedVersion: min,
    maxSupportedVersion: max,
    unknownTaggedFields: null,
  }))
}

function* topicRecords(topic: TopicImage, level: number): Iterable<MetadataRecord> {
  yield metadataRecord('TopicRecord', 0, { name: topic.name, topicId: topic.id })
  for (let id = 0; id < topic.partitions.length; id++) {
    yield partitionRecord(topic.id, id, topic.partitions[id]!, level)
  }
}

/** A whole partition as one record, in the version of a metadata level. */
export function partitionRecord(
  topicId: string,
  partitionId: number,
  partition: PartitionImage,
  level: number,
): MetadataRecord {
  const version = partitionRecordVersion(level)
  return metadataRecord('PartitionRecord', version, {
    topicId,
    partitionId,
    replicas: [...partition.replicas],
    isr: [...partition.isr],
    removingReplicas: [...partition.removingReplicas],
    addingReplicas: [...partition.addingReplicas],
    leader: partition.leader,
    leaderRecoveryState: partition.leaderRecoveryState,
    leaderEpoch: partition.leaderEpoch,
    partitionEpoch: partition.partitionEpoch,
    ...(version >= 1 ? { directories: [...partition.directories] } : {}),
    ...(version >= 2 ? electable(partition) : {}),
  })
}

function electable({ eligibleLeaderReplicas, lastKnownElr }: PartitionImage) {
  return {
    eligibleLeaderReplicas: eligibleLeaderReplicas.length > 0 ? [...eligibleLeaderReplicas] : null,
    lastKnownElr: lastKnownElr.length > 0 ? [...lastKnownElr] : null,
  }
}

function* configRecords(key: string, texts: ConfigTexts): Iterable<MetadataRecord> {
  const resource = configResource(key)
  for (const [name, value] of texts) {
    yield configRecord(resource.type, resource.name, name, value)
  }
}

/** A null value removes the setting. */
export function configRecord(
  resourceType: number,
  resourceName: string,
  name: string,
  value: string | null,
): MetadataRecord {
  return metadataRecord('ConfigRecord', 0, { resourceType, resourceName, name, value })
}

function* quotaRecords(quota: QuotaImage): Iterable<MetadataRecord> {
  const entity = quota.entity.map(({ type, name }) => ({
    entityType: type,
    entityName: name,
    unknownTaggedFields: null,
  }))
  for (const [key, value] of quota.values) {
    yield metadataRecord('ClientQuotaRecord', 0, { entity, key, value, remove: false })
  }
}

function scramRecord({ user, ...credential }: ScramImage): MetadataRecord {
  return metadataRecord('UserScramCredentialRecord', 0, { name: user, ...credential })
}

function tokenRecord(token: DelegationTokenImage): MetadataRecord {
  return metadataRecord('DelegationTokenRecord', 0, {
    tokenId: token.tokenId,
    owner: token.owner,
    requester: token.requester,
    renewers: [...token.renewers],
    issueTimestamp: token.issueTimestampMs,
    maxTimestamp: token.maxTimestampMs,
    expirationTimestamp: token.expirationTimestampMs,
  })
}
