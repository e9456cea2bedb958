/**
 * What an operation of the controller may look at: the state with all that was decided so far, and the
 * world's contribution (time, randomness) as plain values. Everything derived from the state that several
 * operations need stands here too.
 */
import type { Entropy } from '@barnabas/base'
import type { Uuid } from '@barnabas/protocol'
import type { BrokerConfig } from '../configs/broker-config.ts'
import { effectiveTopicConfig, type TopicConfig } from '../configs/topic-config.ts'
import {
  type BrokerImage,
  type ClusterImage,
  configsOf,
  featureLevel,
  isActive,
  metadataLevel,
  ResourceType,
  type TopicImage,
} from '../image/cluster-image.ts'
import { DirectoryId, directoryOf, type PartitionImage } from '../image/partition-image.ts'
import { type MetadataRecord, metadataRecord } from '../records/metadata-record.ts'
import { ELIGIBLE_LEADER_REPLICAS } from '../features/features.ts'
import { partitionRecordVersion } from '../features/metadata-version.ts'
import type { BrokerSessions } from './broker-sessions.ts'
import type { Policies } from './policies.ts'
import {
  decidePartitionChange,
  type PartitionRules,
  type PartitionTarget,
} from './partition-change.ts'

export interface ControllerContext {
  readonly nodeId: number
  readonly clusterId: string
  /** The state after everything decided, committed or not. */
  readonly image: ClusterImage
  /** The controller's own settings, with those made at run time. */
  readonly config: BrokerConfig
  readonly entropy: Entropy
  /** Wall clock, for what is stored. */
  readonly nowMs: number
  /** Never goes back, for sessions. */
  readonly monotonicMs: number
  /** Where the first record of this operation will stand. */
  readonly nextOffset: number
  readonly sessions: BrokerSessions
  readonly policies?: Policies
}

export function isElrEnabled(image: ClusterImage): boolean {
  return featureLevel(image, ELIGIBLE_LEADER_REPLICAS) > 0
}

/** The settings that hold for a topic, new or not. */
export function topicConfigOf(context: ControllerContext, topicName: string): TopicConfig {
  const overrides = configsOf(context.image, ResourceType.TOPIC, topicName)
  return effectiveTopicConfig(overrides, context.config)
}

/** Deviations from the usual judgement of who may lead, while a broker's state is just changing. */
export interface LeaderExceptions {
  /** Never, although the image still shows it alive. */
  readonly leaving?: number
  /** Already, although the image still shows it fenced. */
  readonly joining?: number
}

/** The rules for one partition of a topic. */
export function partitionRules(
  context: ControllerContext,
  topic: TopicImage,
  partition: PartitionImage,
  exceptions: LeaderExceptions = {},
): PartitionRules {
  const { image } = context
  const { leaving, joining } = exceptions
  const isAlive = (id: number) => id !== leaving && (id === joining || isActive(image, id))
  const minimum = topicConfigOf(context, topic.name).get('min.insync.replicas')
  return {
    mayLead: (id) => isAlive(id) && isOnline(image, partition, id),
    defaultDirectory: (id) => defaultDirectory(image, id),
    minInSyncReplicas: Math.min(minimum, topic.partitions[0]?.replicas.length ?? minimum),
    eligibleLeaderReplicas: isElrEnabled(image),
    metadataLevel: metadataLevel(image),
  }
}

/** The record that changes a partition towards a target; null when nothing has to change. */
export function partitionChangeRecord(
  context: ControllerContext,
  topic: TopicImage,
  partitionId: number,
  target: PartitionTarget,
  exceptions?: LeaderExceptions,
): MetadataRecord | null {
  const partition = topic.partitions[partitionId]!
  const rules = partitionRules(context, topic, partition, exceptions)
  const change = decidePartitionChange(partition, target, rules)
  if (change === null) return null
  const version = partitionRecordVersion(rules.metadataLevel)
  return metadataRecord('PartitionChangeRecord', version, {
    topicId: topic.id,
    partitionId,
    ...change,
  })
}

/** Whether the directory of a replica is known to work; what is not assigned yet counts as working. */
function isOnline(image: ClusterImage, partition: PartitionImage, brokerId: number): boolean {
  const directory = directoryOf(partition, brokerId)
  const broker = image.brokers.get(brokerId)
  if (broker === undefined) return false
  switch (directory) {
    case null:
    case DirectoryId.UNASSIGNED:
    case DirectoryId.MIGRATING:
      return true
    case DirectoryId.LOST:
      return false
    default:
      return broker.logDirs.length === 0 || broker.logDirs.includes(directory)
  }
}

/** Where a broker will put a new replica, as far as the controller can tell. */
export function defaultDirectory(image: ClusterImage, brokerId: number): Uuid {
  const directories = usableDirectories(image.brokers.get(brokerId))
  if (image.brokers.get(brokerId)?.logDirs.length === 0) return DirectoryId.MIGRATING
  return directories.length === 1 ? directories[0]! : DirectoryId.UNASSIGNED
}

/** Directories of a broker that take new replicas. */
export function usableDirectories(broker: BrokerImage | undefined): readonly Uuid[] {
  if (broker === undefined) return []
  return broker.logDirs.filter((directory) => !broker.cordonedLogDirs.includes(directory))
}

export interface PartitionPlace {
  readonly topic: TopicImage
  readonly partitionId: number
  readonly partition: PartitionImage
}

/** All partitions that meet a condition. A walk over all there are, for events that are rare. */
export function* partitionsWhere(
  image: ClusterImage,
  meets: (partition: PartitionImage) => boolean,
): Iterable<PartitionPlace> {
  for (const topic of image.topics.byId.values()) {
    for (let partitionId = 0; partitionId < topic.partitions.length; partitionId++) {
      const partition = topic.partitions[partitionId]!
      if (meets(partition)) yield { topic, partitionId, partition }
    }
  }
}
