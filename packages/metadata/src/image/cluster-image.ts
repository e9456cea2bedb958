/**
 * All that a cluster knows of itself at one offset of its metadata log. Immutable: handlers keep one for
 * the time of a request and never see it change. Two images share everything that is equal in both.
 */
import type { Uuid } from '@barnabas/protocol'
import { type ConfigTexts, NO_CONFIGS } from '../configs/config-view.ts'
import { METADATA_VERSION, MIN_METADATA_LEVEL } from '../features/metadata-version.ts'
import type { PartitionImage } from './partition-image.ts'
import { PersistentMap } from './persistent-map.ts'

export interface ClusterImage {
  /** Where in the metadata log this image stands. */
  readonly provenance: Provenance
  /** Finalized levels of features other than 0, `metadata.version` among them. */
  readonly features: PersistentMap<string, number>
  readonly brokers: PersistentMap<number, BrokerImage>
  readonly controllers: PersistentMap<number, ControllerImage>
  readonly topics: TopicsImage
  /** By `configKey`. */
  readonly configs: PersistentMap<string, ConfigTexts>
  /** By `quotaKey`. */
  readonly quotas: PersistentMap<string, QuotaImage>
  /** The first producer id that was never handed out. */
  readonly nextProducerId: number
  /** By id. */
  readonly acls: PersistentMap<Uuid, AclImage>
  /** By `scramKey`. */
  readonly scram: PersistentMap<string, ScramImage>
  /** By token id. */
  readonly delegationTokens: PersistentMap<string, DelegationTokenImage>
}

export interface Provenance {
  /** Of the last record contained; -1 when there is none. */
  readonly offset: number
  readonly epoch: number
  readonly timestampMs: number
}

export interface EndpointImage {
  /** Name of the listener. */
  readonly name: string
  readonly host: string
  readonly port: number
  /** As numbered in the protocol: 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL. */
  readonly securityProtocol: number
}

export interface VersionRange {
  readonly min: number
  readonly max: number
}

export interface BrokerImage {
  readonly id: number
  /** Offset of the record that registered it; grows with each registration. */
  readonly epoch: number
  readonly incarnationId: Uuid
  readonly endpoints: readonly EndpointImage[]
  readonly features: ReadonlyMap<string, VersionRange>
  readonly rack: string | null
  /** Registered, but to be kept away from clients. */
  readonly fenced: boolean
  readonly inControlledShutdown: boolean
  readonly logDirs: readonly Uuid[]
  /** Directories that get no new replicas. */
  readonly cordonedLogDirs: readonly Uuid[]
}

export interface ControllerImage {
  readonly id: number
  readonly incarnationId: Uuid
  readonly endpoints: readonly EndpointImage[]
  readonly features: ReadonlyMap<string, VersionRange>
  readonly zkMigrationReady: boolean
}

export interface TopicImage {
  readonly id: Uuid
  readonly name: string
  /** By partition id; there are no gaps. */
  readonly partitions: readonly PartitionImage[]
}

export interface TopicsImage {
  readonly byId: PersistentMap<Uuid, TopicImage>
  readonly byName: PersistentMap<string, TopicImage>
  /** Names with '.' or '_', by what they are with every '.' turned into '_'. */
  readonly collisions: PersistentMap<string, string>
}

/** One part of what a quota is for; a null name stands for the default. */
export interface QuotaEntity {
  readonly type: string
  readonly name: string | null
}

export interface QuotaImage {
  readonly entity: readonly QuotaEntity[]
  readonly values: ReadonlyMap<string, number>
}

/** An access control entry, its numbers as in the protocol. */
export interface AclImage {
  readonly id: Uuid
  readonly resourceType: number
  readonly resourceName: string
  readonly patternType: number
  readonly principal: string
  readonly host: string
  readonly operation: number
  readonly permissionType: number
}

export interface ScramImage {
  readonly user: string
  /** As numbered in the protocol: 1 SCRAM-SHA-256, 2 SCRAM-SHA-512. */
  readonly mechanism: number
  readonly salt: Uint8Array
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
  readonly iterations: number
}

export interface DelegationTokenImage {
  readonly tokenId: string
  readonly owner: string
  readonly requester: string
  readonly renewers: readonly string[]
  readonly issueTimestampMs: number
  readonly maxTimestampMs: number
  readonly expirationTimestampMs: number
}

export const EMPTY_IMAGE: ClusterImage = {
  provenance: { offset: -1, epoch: -1, timestampMs: -1 },
  features: PersistentMap.empty(),
  brokers: PersistentMap.empty(),
  controllers: PersistentMap.empty(),
  topics: {
    byId: PersistentMap.empty(),
    byName: PersistentMap.empty(),
    collisions: PersistentMap.empty(),
  },
  configs: PersistentMap.empty(),
  quotas: PersistentMap.empty(),
  nextProducerId: 0,
  acls: PersistentMap.empty(),
  scram: PersistentMap.empty(),
  delegationTokens: PersistentMap.empty(),
}

/** Resources that have settings, as numbered in the protocol. */
export const ResourceType = {
  TOPIC: 2,
  BROKER: 4,
  BROKER_LOGGER: 8,
  CLIENT_METRICS: 16,
  GROUP: 32,
} as const

export function configKey(resourceType: number, resourceName: string): string {
  return `${resourceType}:${resourceName}`
}

/** The resource that a key of `configs` stands for. */
export function configResource(key: string): { type: number; name: string } {
  const colon = key.indexOf(':')
  return { type: Number(key.slice(0, colon)), name: key.slice(colon + 1) }
}

/** Settings of a resource; none when it has none of its own. */
export function configsOf(
  image: ClusterImage,
  resourceType: number,
  resourceName: string,
): ConfigTexts {
  return image.configs.get(configKey(resourceType, resourceName)) ?? NO_CONFIGS
}

/** The same for the same entity, in whatever order its parts come. */
export function quotaKey(entity: readonly QuotaEntity[]): string {
  const parts = entity.map(({ type, name }) => [type, name])
  return JSON.stringify(parts.sort((a, b) => (a[0]! < b[0]! ? -1 : 1)))
}

export function scramKey(mechanism: number, user: string): string {
  return `${mechanism}:${user}`
}

/** The level of a feature; 0 when it was never raised. */
export function featureLevel(image: ClusterImage, name: string): number {
  return image.features.get(name) ?? 0
}

/** The level that decides in which versions records are written. */
export function metadataLevel(image: ClusterImage): number {
  return image.features.get(METADATA_VERSION) ?? MIN_METADATA_LEVEL
}

/** Metric names cannot tell '.' from '_', so two topics must not differ in that alone. */
export function collisionName(topicName: string): string | null {
  return /[._]/.test(topicName) ? topicName.replaceAll('.', '_') : null
}

/** A partition by the name of its topic; null when there is none. */
export function partitionOf(
  image: ClusterImage,
  topicName: string,
  partition: number,
): PartitionImage | null {
  return image.topics.byName.get(topicName)?.partitions[partition] ?? null
}

/** Whether clients may be sent to a broker. */
export function isActive(image: ClusterImage, brokerId: number): boolean {
  const broker = image.brokers.get(brokerId)
  return broker !== undefined && !broker.fenced && !broker.inControlledShutdown
}
