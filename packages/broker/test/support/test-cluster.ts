/** A picture of a cluster for handlers: brokers and topics as a test names them. */
import {
  type BrokerImage,
  type ClusterImage,
  configKey,
  EMPTY_IMAGE,
  type PartitionImage,
  PersistentMap,
  type TopicImage,
} from '@barnabas/metadata'
import type { ClusterView } from '../../src/cluster/cluster-view.ts'

export function testBroker(id: number, fields: Partial<BrokerImage> = {}): BrokerImage {
  return {
    id,
    epoch: id,
    incarnationId: 'AAAAAAAAAAAAAAAAAAAAAA',
    endpoints: [{ name: 'PLAINTEXT', host: `broker-${id}`, port: 9092, securityProtocol: 0 }],
    features: new Map(),
    rack: null,
    fenced: false,
    inControlledShutdown: false,
    logDirs: [],
    cordonedLogDirs: [],
    ...fields,
  }
}

export function testPartition(fields: Partial<PartitionImage> = {}): PartitionImage {
  const replicas = fields.replicas ?? [1]
  return {
    replicas,
    directories: replicas.map(() => 'AAAAAAAAAAAAAAAAAAAAAQ'),
    isr: replicas,
    removingReplicas: [],
    addingReplicas: [],
    eligibleLeaderReplicas: [],
    lastKnownElr: [],
    leader: replicas[0] ?? -1,
    leaderRecoveryState: 0,
    leaderEpoch: 0,
    partitionEpoch: 0,
    ...fields,
  }
}

/** An id that can be told from the name. */
export function testTopicId(name: string): string {
  return Buffer.alloc(16, name).toString('base64url')
}

export class TestCluster implements ClusterView {
  readonly nodeId: number = 1
  readonly clusterId = 'test-cluster'
  current: ClusterImage = EMPTY_IMAGE

  image(): ClusterImage {
    return this.current
  }

  endpoint(broker: BrokerImage, { listener }: { listener: string }) {
    const found = broker.endpoints.find(({ name }) => name === listener)
    return found === undefined ? null : { host: found.host, port: found.port }
  }

  addBroker(id: number, fields: Partial<BrokerImage> = {}): this {
    const brokers = this.current.brokers.set(id, testBroker(id, fields))
    this.current = { ...this.current, brokers }
    return this
  }

  addTopic(name: string, ...partitions: Partial<PartitionImage>[]): this {
    const topic: TopicImage = {
      id: testTopicId(name),
      name,
      partitions: (partitions.length === 0 ? [{}] : partitions).map(testPartition),
    }
    const { byId, byName } = this.current.topics
    const topics = {
      ...this.current.topics,
      byId: byId.set(topic.id, topic),
      byName: byName.set(name, topic),
    }
    this.current = { ...this.current, topics }
    return this
  }

  setConfig(type: number, name: string, values: Record<string, string>): this {
    const texts = new Map(Object.entries(values))
    const configs = this.current.configs.set(configKey(type, name), texts)
    this.current = { ...this.current, configs }
    return this
  }

  get brokers(): PersistentMap<number, BrokerImage> {
    return this.current.brokers
  }
}

/** Everybody may do everything, but what is listed as `operation type name`. */
export function denying(...denied: string[]) {
  const isDenied = (operation: number, type: number, name: string) =>
    denied.includes(`${operation} ${type} ${name}`)
  return {
    allows: (_subject: unknown, operation: number, type: number, name: string) =>
      !isDenied(operation, type, name),
    allowsAny: () => true,
  }
}
