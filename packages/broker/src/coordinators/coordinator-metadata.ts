/** The cluster as coordinators see it: topics, their racks, and the settings of groups. */
import type { MetadataChange, MetadataView, TopicView } from '@barnabas/coordinator'
import {
  type ClusterDelta,
  type ClusterImage,
  configKey,
  ResourceType,
  type TopicImage,
} from '@barnabas/metadata'

export function coordinatorMetadata(image: ClusterImage): MetadataView {
  const viewOf = (topic: TopicImage | undefined) =>
    topic === undefined ? undefined : new ImageTopicView(image, topic)
  return {
    topic: (name) => viewOf(image.topics.byName.get(name)),
    topicById: (id) => viewOf(image.topics.byId.get(id)),
    topicNames: () => image.topics.byName.keys(),
    groupConfig: (groupId) => image.configs.get(configKey(ResourceType.GROUP, groupId)),
  }
}

/** What of a change concerns coordinators. */
export function coordinatorChange(delta: ClusterDelta): MetadataChange {
  const deletedTopics = [...delta.deletedTopics()].map(({ id, name }) => ({ id, name }))
  const changedTopics = new Set(deletedTopics.map(({ name }) => name))
  for (const { name } of delta.createdTopics()) changedTopics.add(name)
  for (const { topicName, before, after } of delta.changedPartitions()) {
    if (before === null || !sameMembers(before.replicas, after.replicas)) {
      changedTopics.add(topicName)
    }
  }
  const moved = brokersThatMoved(delta)
  if (moved.size > 0) addTopicsOf(moved, delta.after, changedTopics)
  const changedGroups = new Set<string>()
  for (const { resourceType, resourceName } of delta.changedConfigs()) {
    if (resourceType === ResourceType.GROUP) changedGroups.add(resourceName)
  }
  return { changedTopics, deletedTopics, changedGroups }
}

class ImageTopicView implements TopicView {
  private readonly image: ClusterImage
  private readonly described: TopicImage

  constructor(image: ClusterImage, described: TopicImage) {
    this.image = image
    this.described = described
  }

  get name(): string {
    return this.described.name
  }

  get id(): string {
    return this.described.id
  }

  get partitionCount(): number {
    return this.described.partitions.length
  }

  racks(partition: number): readonly string[] {
    const racks = new Set<string>()
    for (const id of this.described.partitions[partition]?.replicas ?? []) {
      const rack = this.image.brokers.get(id)?.rack
      if (rack) racks.add(rack)
    }
    return [...racks]
  }
}

/** Brokers that are in another rack than before. Rare: a broker must be started anew for it. */
function brokersThatMoved(delta: ClusterDelta): ReadonlySet<number> {
  const moved = new Set<number>()
  for (const { key, before, after } of delta.changedBrokers()) {
    if ((before?.rack ?? null) !== (after?.rack ?? null)) moved.add(key)
  }
  return moved
}

function addTopicsOf(brokers: ReadonlySet<number>, image: ClusterImage, into: Set<string>): void {
  for (const { name, partitions } of image.topics.byName.values()) {
    if (partitions.some(({ replicas }) => replicas.some((id) => brokers.has(id)))) into.add(name)
  }
}

function sameMembers(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((id) => other.includes(id))
}
