/**
 * What differs between two images. Publishers (replica manager, coordinators, quotas, authorizer) take
 * it to know what to do. Nothing is recorded along the way: images share what is equal, so the
 * difference is found in the time it takes to list it, also when a whole snapshot was loaded.
 */
import type { Uuid } from '@barnabas/protocol'
import type { ConfigTexts } from '../configs/config-view.ts'
import { NO_CONFIGS } from '../configs/config-view.ts'
import {
  type BrokerImage,
  type ClusterImage,
  configResource,
  type QuotaImage,
  type ScramImage,
  type TopicImage,
} from './cluster-image.ts'
import type { PartitionImage } from './partition-image.ts'
import type { MapChange, MapKey, PersistentMap } from './persistent-map.ts'

export interface PartitionDelta {
  readonly topicId: Uuid
  readonly topicName: string
  readonly partition: number
  /** Null for a new partition. */
  readonly before: PartitionImage | null
  readonly after: PartitionImage
}

export interface ConfigDelta {
  readonly resourceType: number
  readonly resourceName: string
  readonly before: ConfigTexts
  readonly after: ConfigTexts
}

export class ClusterDelta {
  readonly before: ClusterImage
  readonly after: ClusterImage

  constructor(before: ClusterImage, after: ClusterImage) {
    this.before = before
    this.after = after
  }

  /** Topics that are new; one that was deleted and made again counts as new under its new id. */
  *createdTopics(): Iterable<TopicImage> {
    for (const { before, after } of this.topicChanges()) {
      if (before === undefined) yield after!
    }
  }

  *deletedTopics(): Iterable<TopicImage> {
    for (const { before, after } of this.topicChanges()) {
      if (after === undefined) yield before!
    }
  }

  /** Partitions that are new or changed, not those of deleted topics. */
  *changedPartitions(): Iterable<PartitionDelta> {
    for (const { before, after } of this.topicChanges()) {
      if (after === undefined) continue
      for (let partition = 0; partition < after.partitions.length; partition++) {
        const now = after.partitions[partition]!
        const was = before?.partitions[partition] ?? null
        if (was !== null && sameContent(was, now)) continue
        yield { topicId: after.id, topicName: after.name, partition, before: was, after: now }
      }
    }
  }

  changedBrokers(): Iterable<MapChange<number, BrokerImage>> {
    return contentChanges(this.before.brokers, this.after.brokers)
  }

  changedFeatures(): Iterable<MapChange<string, number>> {
    return contentChanges(this.before.features, this.after.features)
  }

  *changedConfigs(): Iterable<ConfigDelta> {
    for (const { key, before, after } of contentChanges(this.before.configs, this.after.configs)) {
      const { type, name } = configResource(key)
      yield {
        resourceType: type,
        resourceName: name,
        before: before ?? NO_CONFIGS,
        after: after ?? NO_CONFIGS,
      }
    }
  }

  changedQuotas(): Iterable<MapChange<string, QuotaImage>> {
    return contentChanges(this.before.quotas, this.after.quotas)
  }

  changedScram(): Iterable<MapChange<string, ScramImage>> {
    return contentChanges(this.before.scram, this.after.scram)
  }

  get aclsChanged(): boolean {
    return this.before.acls !== this.after.acls
  }

  get delegationTokensChanged(): boolean {
    return this.before.delegationTokens !== this.after.delegationTokens
  }

  private topicChanges(): Iterable<MapChange<Uuid, TopicImage>> {
    return this.after.topics.byId.changesSince(this.before.topics.byId)
  }
}

function* contentChanges<K extends MapKey, V>(
  before: PersistentMap<K, V>,
  after: PersistentMap<K, V>,
): Iterable<MapChange<K, V>> {
  for (const change of after.changesSince(before)) {
    if (!sameContent(change.before, change.after)) yield change
  }
}

/** Equality of plain data: after a snapshot, equal things are no longer the same things. */
function sameContent(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) return true
  if (typeof left !== 'object' || typeof right !== 'object') return false
  if (left === null || right === null) return false
  if (left instanceof Map && right instanceof Map) {
    if (left.size !== right.size) return false
    for (const [key, value] of left) {
      if (!right.has(key) || !sameContent(value, right.get(key))) return false
    }
    return true
  }
  if (left instanceof Uint8Array && right instanceof Uint8Array) {
    return left.length === right.length && left.every((byte, at) => byte === right[at])
  }
  const leftKeys = Object.keys(left)
  if (leftKeys.length !== Object.keys(right).length) return false
  return leftKeys.every((key) =>
    sameContent((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key]),
  )
}
