/** What is known of the cluster, immutable: brokers, topics, who leads which partition. */
import type { Endpoint } from '@barnabas/base'
import {
  ErrorCode,
  type MetadataResponse,
  type MetadataResponseTopic,
  type Uuid,
  ZERO_UUID,
} from '@barnabas/protocol'

export interface NodeInfo extends Endpoint {
  readonly id: number
  readonly rack: string | null
}

export interface PartitionInfo {
  readonly partition: number
  /** -1 when nobody leads. */
  readonly leader: number
  /** -1 when the broker does not tell. */
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly offline: readonly number[]
  readonly errorCode: number
}

export interface TopicInfo {
  readonly name: string
  /** `ZERO_UUID` from brokers that know none. */
  readonly id: Uuid
  readonly isInternal: boolean
  readonly errorCode: number
  /** By number; complete, unless the topic has an error. */
  readonly partitions: readonly PartitionInfo[]
}

export class ClusterView {
  readonly clusterId: string | null
  readonly controllerId: number
  readonly nodes: ReadonlyMap<number, NodeInfo>
  readonly topics: ReadonlyMap<string, TopicInfo>
  private readonly namesById: ReadonlyMap<Uuid, string>

  constructor(parts: {
    clusterId: string | null
    controllerId: number
    nodes: ReadonlyMap<number, NodeInfo>
    topics: ReadonlyMap<string, TopicInfo>
  }) {
    this.clusterId = parts.clusterId
    this.controllerId = parts.controllerId
    this.nodes = parts.nodes
    this.topics = parts.topics
    const names = new Map<Uuid, string>()
    for (const topic of parts.topics.values()) {
      if (topic.id !== ZERO_UUID) names.set(topic.id, topic.name)
    }
    this.namesById = names
  }

  /** The topic when it exists and is usable. */
  topic(name: string): TopicInfo | null {
    const topic = this.topics.get(name)
    return topic !== undefined && topic.errorCode === ErrorCode.NONE ? topic : null
  }

  topicName(id: Uuid): string | null {
    return this.namesById.get(id) ?? null
  }

  topicId(name: string): Uuid {
    return this.topics.get(name)?.id ?? ZERO_UUID
  }

  partition(topic: string, partition: number): PartitionInfo | null {
    return this.topics.get(topic)?.partitions[partition] ?? null
  }

  /** The leader's id, or -1. */
  leaderOf(topic: string, partition: number): number {
    const leader = this.topics.get(topic)?.partitions[partition]?.leader ?? -1
    return leader >= 0 && this.nodes.has(leader) ? leader : -1
  }

  leaderEpochOf(topic: string, partition: number): number {
    return this.topics.get(topic)?.partitions[partition]?.leaderEpoch ?? -1
  }
}

export const EMPTY_VIEW: ClusterView = new ClusterView({
  clusterId: null,
  controllerId: -1,
  nodes: new Map(),
  topics: new Map(),
})

/**
 * The view after an answer. Topics that it does not speak of stay when `keeps` says so. A partition's
 * older leader epoch does not replace a newer one, as long as the topic is the same one.
 */
export function viewAfter(
  before: ClusterView,
  answer: MetadataResponse,
  keeps: (topic: string) => boolean,
): ClusterView {
  const nodes = new Map<number, NodeInfo>()
  for (const { nodeId, host, port, rack } of answer.brokers) {
    nodes.set(nodeId, { id: nodeId, host, port, rack })
  }
  const topics = new Map<string, TopicInfo>()
  for (const [name, topic] of before.topics) if (keeps(name)) topics.set(name, topic)
  for (const topic of answer.topics) {
    const name = topic.name ?? before.topicName(topic.topicId)
    if (name !== null) topics.set(name, topicAfter(before.topics.get(name), topic, name))
  }
  return new ClusterView({
    clusterId: answer.clusterId,
    controllerId: answer.controllerId,
    nodes,
    topics,
  })
}

function topicAfter(
  before: TopicInfo | undefined,
  topic: MetadataResponseTopic,
  name: string,
): TopicInfo {
  const isSame = before !== undefined && before.id === topic.topicId
  const partitions: PartitionInfo[] = []
  for (const partition of topic.partitions) {
    const known = isSame ? before.partitions[partition.partitionIndex] : undefined
    const isOlder = known !== undefined && partition.leaderEpoch < known.leaderEpoch
    partitions[partition.partitionIndex] =
      isOlder && partition.leaderEpoch >= 0
        ? known
        : {
            partition: partition.partitionIndex,
            leader: partition.leaderId,
            leaderEpoch: partition.leaderEpoch,
            replicas: partition.replicaNodes,
            isr: partition.isrNodes,
            offline: partition.offlineReplicas,
            errorCode: partition.errorCode,
          }
  }
  const { topicId, isInternal, errorCode } = topic
  // A passing error says nothing about the partitions that were known.
  const kept = errorCode !== ErrorCode.NONE && partitions.length === 0 && before !== undefined
  return {
    name,
    id: kept && topicId === ZERO_UUID ? before.id : topicId,
    isInternal,
    errorCode,
    partitions: kept ? before.partitions : partitions,
  }
}

/** A newer leader of one partition, as a produce or fetch answer tells (KIP-951). */
export interface LeaderHint {
  topic: string
  partition: number
  leader: number
  leaderEpoch: number
}

/** The view with newer leaders; the same view when none of the hints is news. */
export function viewWithLeaders(
  before: ClusterView,
  hints: readonly LeaderHint[],
  endpoints: readonly NodeInfo[],
): ClusterView {
  const nodes = new Map(before.nodes)
  for (const node of endpoints) nodes.set(node.id, node)
  const topics = new Map(before.topics)
  let changed = false
  for (const { topic: name, partition: index, leader, leaderEpoch } of hints) {
    const topic = topics.get(name)
    const partition = topic?.partitions[index]
    if (topic === undefined || partition === undefined || !nodes.has(leader)) continue
    if (leaderEpoch <= partition.leaderEpoch) continue
    const partitions = [...topic.partitions]
    partitions[index] = { ...partition, leader, leaderEpoch, errorCode: ErrorCode.NONE }
    topics.set(name, { ...topic, partitions })
    changed = true
  }
  if (!changed) return before
  const { clusterId, controllerId } = before
  return new ClusterView({ clusterId, controllerId, nodes, topics })
}
