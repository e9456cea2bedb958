/**
 * A controller's decisions without anything around them: an image, a clock that is moved by hand, and
 * every record decided, written and read again before it is replayed.
 */
import { type Entropy, seededEntropy } from '@barnabas/base'
import {
  BrokerHeartbeatRequest,
  BrokerRegistrationRequest,
  CreateTopicsRequest,
  createCreateTopicsRequestCreatableTopic,
  ErrorCode,
} from '@barnabas/protocol'
import {
  BrokerConfig,
  BrokerSessions,
  brokerHeartbeat,
  type ClusterImage,
  type ControllerContext,
  configRecord,
  createTopics,
  decodeMetadataRecord,
  defaultFeatureLevels,
  EMPTY_IMAGE,
  encodeMetadataRecord,
  featureRecord,
  ImageBuilder,
  type MetadataRecord,
  METADATA_VERSION,
  type Outcome,
  type PartitionImage,
  type Policies,
  registerBroker,
  SUPPORTED_FEATURES,
  configsOf,
  ResourceType,
} from '../../src/index.ts'
import { fileConfig } from './configs.ts'

export const CLUSTER_ID = 'Y2x1c3Rlci1mb3ItdGVzdA'

export interface TestOptions {
  file?: Record<string, string>
  /** Without ELR when false. */
  elr?: boolean
  metadataLevel?: number
  seed?: number
}

export class TestController {
  image: ClusterImage = EMPTY_IMAGE
  nowMs = 1_000_000
  nextOffset = 0
  readonly sessions = new BrokerSessions()
  readonly log: MetadataRecord[] = []
  policies: Policies = {}
  private readonly file: BrokerConfig
  private readonly entropy: Entropy

  constructor(options: TestOptions = {}) {
    this.file = fileConfig(options.file)
    this.entropy = seededEntropy(options.seed ?? 7)
    const level = options.metadataLevel ?? 30
    const levels = defaultFeatureLevels(level)
    if (options.elr === false) levels.delete('eligible.leader.replicas.version')
    levels.delete('kraft.version')
    this.append([
      featureRecord(METADATA_VERSION, level),
      ...[...levels].map(([name, each]) => featureRecord(name, each)),
    ])
  }

  get context(): ControllerContext {
    return {
      nodeId: 1,
      clusterId: CLUSTER_ID,
      image: this.image,
      config: this.file.withDynamic(configsOf(this.image, ResourceType.BROKER, ''), new Map()),
      entropy: this.entropy,
      nowMs: this.nowMs,
      monotonicMs: this.nowMs,
      nextOffset: this.nextOffset,
      sessions: this.sessions,
      policies: this.policies,
    }
  }

  /** Decides, appends and replays; gives the response. */
  run<T>(decide: (context: ControllerContext) => Outcome<T>): T {
    const { records, response } = decide(this.context)
    this.append(records)
    return response
  }

  append(records: readonly MetadataRecord[]): void {
    const builder = new ImageBuilder(this.image)
    for (const record of records) {
      const stored = decodeMetadataRecord(encodeMetadataRecord(record))
      builder.replay(stored)
      this.log.push(stored)
      this.nextOffset++
    }
    const offset = this.nextOffset - 1
    this.image = builder.build({ offset, epoch: 1, timestampMs: this.nowMs })
  }

  setConfig(resourceType: number, name: string, key: string, value: string): void {
    this.append([configRecord(resourceType, name, key, value)])
  }

  register(
    brokerId: number,
    options: { rack?: string; incarnation?: string; previousEpoch?: number; dirs?: string[] } = {},
  ): number {
    const request = registration(brokerId, options)
    return this.run((context) => registerBroker(context, request)).brokerEpoch
  }

  heartbeat(brokerId: number, fields: Partial<BrokerHeartbeatRequest> = {}) {
    const request = BrokerHeartbeatRequest.create({
      brokerId,
      brokerEpoch: this.image.brokers.get(brokerId)?.epoch ?? -1,
      currentMetadataOffset: this.nextOffset - 1,
      ...fields,
    })
    return this.run((context) => brokerHeartbeat(context, request))
  }

  /** Brokers 1 to `count`, registered and in service. */
  brokers(count: number, racks: readonly string[] = []): this {
    for (let id = 1; id <= count; id++) {
      const rack = racks[(id - 1) % racks.length]
      this.register(id, rack === undefined ? {} : { rack })
      this.heartbeat(id)
    }
    return this
  }

  /** A topic whose partitions have these replicas. */
  topic(name: string, ...replicas: number[][]): this {
    const topic = createCreateTopicsRequestCreatableTopic({
      name,
      numPartitions: -1,
      replicationFactor: -1,
      assignments: replicas.map((brokerIds, partitionIndex) => ({
        partitionIndex,
        brokerIds,
        unknownTaggedFields: null,
      })),
    })
    const request = CreateTopicsRequest.create({ topics: [topic] })
    const [result] = this.run((context) => createTopics(context, request)).topics
    if (result!.errorCode !== ErrorCode.NONE) throw new Error(result!.errorMessage ?? 'refused')
    return this
  }

  partition(name: string, id = 0): PartitionImage {
    return this.image.topics.byName.get(name)!.partitions[id]!
  }

  /** A fresh image from all records so far: must equal the one that grew. */
  replayed(): ClusterImage {
    const builder = new ImageBuilder(EMPTY_IMAGE)
    for (const record of this.log) builder.replay(record)
    return builder.build(this.image.provenance)
  }
}

export function registration(
  brokerId: number,
  options: { rack?: string; incarnation?: string; previousEpoch?: number; dirs?: string[] } = {},
): BrokerRegistrationRequest {
  return BrokerRegistrationRequest.create({
    brokerId,
    clusterId: CLUSTER_ID,
    incarnationId: options.incarnation ?? incarnation(brokerId, 1),
    rack: options.rack ?? null,
    listeners: [
      {
        name: 'PLAINTEXT',
        host: `b${brokerId}`,
        port: 9092,
        securityProtocol: 0,
        unknownTaggedFields: null,
      },
    ],
    features: [...SUPPORTED_FEATURES].map(([name, { min, max }]) => ({
      name,
      minSupportedVersion: min,
      maxSupportedVersion: max,
      unknownTaggedFields: null,
    })),
    logDirs: options.dirs ?? [directory(brokerId, 0)],
    previousBrokerEpoch: options.previousEpoch ?? -1,
  })
}

/** Ids that can be told apart by eye. */
export function incarnation(brokerId: number, n: number): string {
  return Buffer.from(`incarnation-${String(brokerId * 100 + n).padStart(4, '0')}`).toString(
    'base64url',
  )
}

export function directory(brokerId: number, n: number): string {
  return Buffer.from(`directory---${String(brokerId * 100 + n).padStart(4, '0')}`).toString(
    'base64url',
  )
}
