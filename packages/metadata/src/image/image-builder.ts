/**
 * Makes the next image out of one image and the records that follow it. This is the only place that says
 * what a record means; the controller, every broker and the tests all go through it. A record that cannot
 * follow what stands is a broken invariant: whoever wrote it decided on another state.
 */
import { assert } from '@barnabas/base'
import type {
  BrokerRegistrationChangeRecord,
  ClearElrRecord,
  ClientQuotaRecord,
  ConfigRecord,
  PartitionChangeRecord,
  PartitionRecord,
  RegisterBrokerRecord,
  RegisterControllerRecord,
  TopicRecord,
  Uuid,
} from '@barnabas/protocol'
import { PartitionChangeRecord as PartitionChange } from '@barnabas/protocol'
import { NO_CONFIGS } from '../configs/config-view.ts'
import type { MetadataRecord, RecordOf } from '../records/metadata-record.ts'
import {
  type BrokerImage,
  type ClusterImage,
  collisionName,
  configKey,
  type Provenance,
  quotaKey,
  ResourceType,
  scramKey,
  type TopicImage,
  type VersionRange,
} from './cluster-image.ts'
import { changedPartition, partitionFromRecord, type PartitionImage } from './partition-image.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** A topic whose partitions are being changed; copied once, however many records there are. */
interface OpenTopic {
  readonly id: Uuid
  readonly name: string
  readonly partitions: PartitionImage[]
}

export class ImageBuilder {
  private readonly next: Mutable<ClusterImage>
  private readonly openTopics = new Map<Uuid, OpenTopic>()

  constructor(before: ClusterImage) {
    this.next = { ...before }
  }

  replay(record: MetadataRecord): void {
    switch (record.type) {
      case 'TopicRecord':
        return this.topic(record.data)
      case 'PartitionRecord':
        return this.partition(record.data)
      case 'PartitionChangeRecord':
        return this.partitionChange(record.data)
      case 'RemoveTopicRecord':
        return this.removeTopic(record.data.topicId)
      case 'ClearElrRecord':
        return this.clearElr(record.data)
      case 'ConfigRecord':
        return this.config(record.data)
      case 'FeatureLevelRecord':
        return this.feature(record.data.name, record.data.featureLevel)
      case 'ProducerIdsRecord':
        this.next.nextProducerId = record.data.nextProducerId
        return
      case 'NoOpRecord':
      case 'ZkMigrationStateRecord':
        return
      // Whoever reads the log takes these apart; see metadata-transactions.ts.
      case 'BeginTransactionRecord':
      case 'EndTransactionRecord':
      case 'AbortTransactionRecord':
        return
      default:
        return this.replayNode(record)
    }
  }

  /** The image after all records so far. The builder may go on afterwards. */
  build(provenance: Provenance): ClusterImage {
    this.closeTopics()
    return { ...this.next, provenance }
  }

  private replayNode(record: MetadataRecord): void {
    switch (record.type) {
      case 'RegisterBrokerRecord':
        return this.registerBroker(record.data)
      case 'UnregisterBrokerRecord':
        this.registered(record.data.brokerId, record.data.brokerEpoch)
        this.next.brokers = this.next.brokers.delete(record.data.brokerId)
        return
      case 'FenceBrokerRecord':
        return this.changeBroker(record.data.id, record.data.epoch, { fenced: true })
      case 'UnfenceBrokerRecord':
        return this.changeBroker(record.data.id, record.data.epoch, { fenced: false })
      case 'BrokerRegistrationChangeRecord':
        return this.registrationChange(record.data)
      case 'RegisterControllerRecord':
        return this.registerController(record.data)
      default:
        return this.replaySecurity(record)
    }
  }

  private replaySecurity(record: MetadataRecord): void {
    const next = this.next
    switch (record.type) {
      case 'ClientQuotaRecord':
        return this.quota(record.data)
      case 'AccessControlEntryRecord': {
        const { unknownTaggedFields: _, ...acl } = record.data
        next.acls = next.acls.set(acl.id, acl)
        return
      }
      case 'RemoveAccessControlEntryRecord':
        assert(next.acls.has(record.data.id), `no ACL ${record.data.id} to remove`)
        next.acls = next.acls.delete(record.data.id)
        return
      case 'UserScramCredentialRecord': {
        const { name: user, mechanism, iterations } = record.data
        // The record's bytes are views into what was read; an image lives longer.
        const salt = Uint8Array.from(record.data.salt)
        const storedKey = Uint8Array.from(record.data.storedKey)
        const serverKey = Uint8Array.from(record.data.serverKey)
        const credential = { user, mechanism, iterations, salt, storedKey, serverKey }
        next.scram = next.scram.set(scramKey(mechanism, user), credential)
        return
      }
      case 'RemoveUserScramCredentialRecord': {
        const key = scramKey(record.data.mechanism, record.data.name)
        assert(next.scram.has(key), `no SCRAM credential ${key} to remove`)
        next.scram = next.scram.delete(key)
        return
      }
      case 'DelegationTokenRecord':
        return this.delegationToken(record)
      case 'RemoveDelegationTokenRecord':
        next.delegationTokens = next.delegationTokens.delete(record.data.tokenId)
        return
      default:
        throw new TypeError(`no meaning for ${record.type}`)
    }
  }

  private topic(record: TopicRecord): void {
    assert(!this.next.topics.byName.has(record.name), `topic ${record.name} is there already`)
    this.putTopic({ id: record.topicId, name: record.name, partitions: [] })
    const collision = collisionName(record.name)
    if (collision === null) return
    const { topics } = this.next
    this.next.topics = { ...topics, collisions: topics.collisions.set(collision, record.name) }
  }

  private partition(record: PartitionRecord): void {
    const { partitions, name } = this.openTopic(record.topicId)
    assert(partitions[record.partitionId] === undefined, `${name}-${record.partitionId} is there`)
    partitions[record.partitionId] = partitionFromRecord(record)
  }

  private partitionChange(record: PartitionChangeRecord): void {
    const topic = this.openTopic(record.topicId)
    const before = topic.partitions[record.partitionId]
    assert(before !== undefined, `no partition ${topic.name}-${record.partitionId} to change`)
    topic.partitions[record.partitionId] = changedPartition(before, record)
  }

  private removeTopic(id: Uuid): void {
    const topic = this.next.topics.byId.get(id)
    assert(topic !== undefined, `no topic ${id} to remove`)
    this.openTopics.delete(id)
    const { byId, byName, collisions } = this.next.topics
    const collision = collisionName(topic.name)
    this.next.topics = {
      byId: byId.delete(id),
      byName: byName.delete(topic.name),
      collisions: collision === null ? collisions : collisions.delete(collision),
    }
    // The settings of a topic go with it, without records of their own.
    this.next.configs = this.next.configs.delete(configKey(ResourceType.TOPIC, topic.name))
  }

  private clearElr(record: ClearElrRecord): void {
    const named = this.next.topics.byName.get(record.topicName)
    const topics = record.topicName === '' ? [...this.next.topics.byId.values()] : [named]
    for (const topic of topics) {
      assert(topic !== undefined, `no topic ${record.topicName} to clear`)
      this.clearTopicElr(topic)
    }
  }

  private clearTopicElr(topic: TopicImage): void {
    const partitions = this.openTopics.get(topic.id)?.partitions ?? topic.partitions
    partitions.forEach((partition, partitionId) => {
      const { eligibleLeaderReplicas, lastKnownElr } = partition
      if (eligibleLeaderReplicas.length === 0 && lastKnownElr.length === 0) return
      this.partitionChange(
        PartitionChange.create({
          topicId: topic.id,
          partitionId,
          eligibleLeaderReplicas: [],
          lastKnownElr: [],
        }),
      )
    })
  }

  private config(record: ConfigRecord): void {
    const key = configKey(record.resourceType, record.resourceName)
    const texts = new Map(this.next.configs.get(key) ?? NO_CONFIGS)
    if (record.value === null) texts.delete(record.name)
    else texts.set(record.name, record.value)
    this.next.configs =
      texts.size === 0 ? this.next.configs.delete(key) : this.next.configs.set(key, texts)
  }

  private feature(name: string, level: number): void {
    const { features } = this.next
    this.next.features = level === 0 ? features.delete(name) : features.set(name, level)
  }

  private registerBroker(record: RegisterBrokerRecord): void {
    const broker: BrokerImage = {
      id: record.brokerId,
      epoch: record.brokerEpoch,
      incarnationId: record.incarnationId,
      endpoints: record.endPoints.map(endpoint),
      features: ranges(record.features),
      rack: record.rack,
      fenced: record.fenced,
      inControlledShutdown: record.inControlledShutdown,
      logDirs: record.logDirs,
      cordonedLogDirs: record.cordonedLogDirs ?? [],
    }
    this.next.brokers = this.next.brokers.set(broker.id, broker)
  }

  private registrationChange(record: BrokerRegistrationChangeRecord): void {
    const change: Partial<Mutable<BrokerImage>> = {}
    if (record.fenced !== 0) change.fenced = record.fenced > 0
    if (record.inControlledShutdown !== 0) change.inControlledShutdown = true
    if (record.logDirs.length > 0) change.logDirs = record.logDirs
    if (record.cordonedLogDirs !== null) change.cordonedLogDirs = record.cordonedLogDirs
    this.changeBroker(record.brokerId, record.brokerEpoch, change)
  }

  private changeBroker(id: number, epoch: number, change: Partial<BrokerImage>): void {
    const broker = this.registered(id, epoch)
    this.next.brokers = this.next.brokers.set(id, { ...broker, ...change })
  }

  private registered(id: number, epoch: number): BrokerImage {
    const broker = this.next.brokers.get(id)
    assert(broker !== undefined, `broker ${id} is not registered`)
    assert(broker.epoch === epoch, `broker ${id} has epoch ${broker.epoch}, not ${epoch}`)
    return broker
  }

  private registerController(record: RegisterControllerRecord): void {
    this.next.controllers = this.next.controllers.set(record.controllerId, {
      id: record.controllerId,
      incarnationId: record.incarnationId,
      endpoints: record.endPoints.map(endpoint),
      features: ranges(record.features),
      zkMigrationReady: record.zkMigrationReady,
    })
  }

  private quota(record: ClientQuotaRecord): void {
    const entity = record.entity.map(({ entityType, entityName }) => ({
      type: entityType,
      name: entityName,
    }))
    const key = quotaKey(entity)
    const values = new Map(this.next.quotas.get(key)?.values)
    if (record.remove) values.delete(record.key)
    else values.set(record.key, record.value)
    const { quotas } = this.next
    this.next.quotas = values.size === 0 ? quotas.delete(key) : quotas.set(key, { entity, values })
  }

  private delegationToken(record: RecordOf<'DelegationTokenRecord'>): void {
    const { tokenId, owner, requester, renewers } = record.data
    this.next.delegationTokens = this.next.delegationTokens.set(tokenId, {
      tokenId,
      owner,
      requester,
      renewers,
      issueTimestampMs: record.data.issueTimestamp,
      maxTimestampMs: record.data.maxTimestamp,
      expirationTimestampMs: record.data.expirationTimestamp,
    })
  }

  private openTopic(id: Uuid): OpenTopic {
    const open = this.openTopics.get(id)
    if (open !== undefined) return open
    const topic = this.next.topics.byId.get(id)
    assert(topic !== undefined, `no topic ${id}`)
    const opened = { id, name: topic.name, partitions: [...topic.partitions] }
    this.openTopics.set(id, opened)
    return opened
  }

  private closeTopics(): void {
    for (const topic of this.openTopics.values()) {
      for (let id = 0; id < topic.partitions.length; id++) {
        assert(topic.partitions[id] !== undefined, `${topic.name} lacks partition ${id}`)
      }
      this.putTopic(topic)
    }
    this.openTopics.clear()
  }

  private putTopic(topic: TopicImage): void {
    const { byId, byName, collisions } = this.next.topics
    this.next.topics = {
      byId: byId.set(topic.id, topic),
      byName: byName.set(topic.name, topic),
      collisions,
    }
  }
}

function endpoint(each: { name: string; host: string; port: number; securityProtocol: number }) {
  const { name, host, port, securityProtocol } = each
  return { name, host, port, securityProtocol }
}

function ranges(
  features: readonly { name: string; minSupportedVersion: number; maxSupportedVersion: number }[],
): ReadonlyMap<string, VersionRange> {
  return new Map(
    features.map((each) => [
      each.name,
      { min: each.minSupportedVersion, max: each.maxSupportedVersion },
    ]),
  )
}
