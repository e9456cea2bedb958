/**
 * A broker: puts its parts together, starts them in order and stops them in the opposite one. What a part
 * does stands in its own file; here is only who knows whom.
 *
 *   logs ──> metadata (and the controller) ──> partitions, coordinators ──> listeners ──> in service
 */
import { BufferPool, type Endpoint, type World } from '@barnabas/base'
import { LogManager } from '@barnabas/log'
import {
  type BrokerConfig,
  type ClusterDelta,
  type ClusterImage,
  ClusterMetadata,
  configsOf,
  ConfigError,
  Controller,
  bootstrapRecords,
  EMPTY_IMAGE,
  KRAFT_VERSION,
  type MetadataLog,
  ResourceType,
  SUPPORTED_FEATURES,
} from '@barnabas/metadata'
import { ConnectionLimits, IdleSweep } from '@barnabas/network'
import type { Uuid } from '@barnabas/protocol'
import { AutoTopicCreation } from './cluster/auto-topic-creation.ts'
import { BrokerLifecycle } from './cluster/broker-lifecycle.ts'
import { type BoundListener, NodeClusterView } from './cluster/node-cluster-view.ts'
import { ProducerIds } from './controller/producer-ids.ts'
import { GroupService } from './coordinators/group-service.ts'
import { FetchSessionCache } from './fetch/fetch-session-cache.ts'
import type { ReadablePartition } from './fetch/readable-partition.ts'
import { type BrokerServices, brokerHandlers } from './handlers/broker-handlers.ts'
import { HandlerRegistry } from './handlers/handler-registry.ts'
import { MAX_IDLE_BUFFER_BYTES } from './limits.ts'
import type { Partition } from './partition/partition.ts'
import { PartitionManager } from './partition/partition-manager.ts'
import { Purgatory } from './purgatory.ts'
import { RequestPipeline } from './request/request-pipeline.ts'
import { allowAll, type Authorizer } from './security/authorizer.ts'
import { ListenerServer } from './server/listener-server.ts'
import { connectionLimits, logDirectories, logManagerSettings } from './settings/broker-settings.ts'
import { type ListenerSettings, parseListeners } from './settings/listeners.ts'
import { logConfigOf, topicConfigOf } from './settings/log-settings.ts'

export interface BrokerOptions {
  readonly world: World
  /** As in the file; what is changed at run time comes on top. */
  readonly config: BrokerConfig
  readonly clusterId: string
  /** Made once the directories are known; gets the id of the first. */
  createMetadataLog(directoryId: Uuid): MetadataLog
  /** What other nodes are told to connect to when the settings name no address. */
  readonly hostName?: string
  readonly authorizer?: Authorizer
}

export interface ListeningAddress extends Endpoint {
  readonly listener: string
}

const SECURITY_PROTOCOLS = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL']
/** How long a stopping broker waits for others to take over what it leads. */
const LEAVE_TIMEOUT_MS = 30_000

export class Broker {
  private readonly options: BrokerOptions
  private readonly nodeId: number
  private readonly authorizer: Authorizer
  private readonly producing: Purgatory<Partition>
  private readonly fetching: Purgatory<ReadablePartition>
  private readonly stops: (() => Promise<void> | void)[] = []
  private currentConfig: BrokerConfig
  /** As long as the metadata is not known, the cluster is an empty one. */
  private image: () => ClusterImage = () => EMPTY_IMAGE
  private servers: ListenerServer[] = []
  private groups: GroupService | null = null
  private stopping: Promise<void> | null = null

  private constructor(options: BrokerOptions) {
    const { world, config } = options
    this.options = options
    this.currentConfig = config
    this.nodeId = config.get('node.id')
    this.authorizer = options.authorizer ?? allowAll
    this.producing = new Purgatory(world.timers)
    this.fetching = new Purgatory(world.timers)
  }

  /** Resolves when the broker serves clients. When it cannot, everything begun is stopped again. */
  static async start(options: BrokerOptions): Promise<Broker> {
    const broker = new Broker(options)
    try {
      await broker.startParts()
      return broker
    } catch (error) {
      await broker.stop()
      throw error
    }
  }

  /** Where clients connect; ports that were left open are known now. */
  get addresses(): ListeningAddress[] {
    return this.servers.map(({ settings, address }) => ({
      listener: settings.name,
      host: settings.host === '' ? 'localhost' : settings.host,
      port: address.port,
    }))
  }

  /** Hands over what this broker leads, answers who waits, and closes everything. Idempotent. */
  stop(): Promise<void> {
    this.stopping ??= this.stopParts()
    return this.stopping
  }

  private async stopParts(): Promise<void> {
    const { log } = this.options.world
    for (const stop of this.stops.reverse()) {
      try {
        await stop()
      } catch (error) {
        log.error('a part of the broker did not stop in order', { error })
      }
    }
  }

  private async startParts(): Promise<void> {
    const { world, config, clusterId } = this.options
    const listeners = parseListeners(config).all.filter(({ kind }) => kind === 'broker')
    refuseUnserved(listeners)
    let lifecycle: BrokerLifecycle | null = null
    const logs = await this.openLogs()
    this.stops.push(() => logs.close(lifecycle?.brokerEpoch ?? -1))
    const metadata = new ClusterMetadata({
      log: this.options.createMetadataLog(logs.directories[0]!.id),
      logger: world.log,
    })
    this.image = () => metadata.image
    const controller = new Controller({
      world,
      metadata,
      nodeId: this.nodeId,
      clusterId,
      config,
      bootstrap: bootstrapRecords({ minInSyncReplicas: String(config.get('min.insync.replicas')) }),
    })
    const partitions = this.createPartitions(metadata, logs)
    await this.follow(metadata, partitions)
    this.stops.push(() => controller.close())
    this.stops.push(() => partitions.close())
    this.stops.push(() => this.groups?.close())
    const services = this.createServices(metadata, controller, partitions, logs, () => lifecycle)
    this.servers = await this.bind(listeners, services)
    lifecycle = this.createLifecycle(metadata, controller, logs)
    this.stops.push(() => lifecycle?.leave(LEAVE_TIMEOUT_MS))
    await lifecycle.start()
    for (const server of this.servers) server.serve()
    world.log.info('Kafka Server started', { nodeId: this.nodeId, addresses: this.addresses })
  }

  private openLogs(): Promise<LogManager> {
    const { world, config, clusterId } = this.options
    return LogManager.open({
      ...logManagerSettings(config),
      directories: logDirectories(config),
      identity: { clusterId, nodeId: this.nodeId },
      world,
      foreignTopics: ['__cluster_metadata'],
      configOf: (topic) => {
        const broker = this.currentConfig
        return logConfigOf(topicConfigOf(this.image(), topic, broker), broker)
      },
    })
  }

  private createPartitions(metadata: ClusterMetadata, logs: LogManager): PartitionManager {
    const { log } = this.options.world
    return new PartitionManager({
      nodeId: this.nodeId,
      logs,
      log,
      minInsyncReplicas: (topic) =>
        topicConfigOf(metadata.image, topic, this.currentConfig).get('min.insync.replicas'),
      observer: {
        onProgress: (partition) => {
          this.producing.check(partition)
          this.fetching.check(partition)
          this.groups?.onProgress(partition)
        },
        onLeading: (partition) => this.groups?.onLeading(partition),
        onResigned: (partition) => this.groups?.onResigned(partition),
      },
    })
  }

  /** Whoever follows the metadata, in the order in which a change reaches them. */
  private async follow(metadata: ClusterMetadata, partitions: PartitionManager): Promise<void> {
    const { world, config } = this.options
    const name = (text: string) => ({ name: text })
    await metadata.addPublisher({
      ...name('settings'),
      onChange: (delta) => this.takeSettings(delta),
    })
    await metadata.addPublisher({
      ...name('coordinators'),
      onChange: ({ after }) => {
        this.groups ??= new GroupService({
          world,
          config,
          image: after,
          find: (topic, index) => {
            const id = metadata.image.topics.byName.get(topic)?.id
            const found = id === undefined ? null : partitions.find(id, index)
            return typeof found === 'number' ? null : found
          },
        })
      },
    })
    await metadata.addPublisher({
      ...name('partitions'),
      onChange: ({ after }) => partitions.apply(after),
    })
    await metadata.addPublisher({
      ...name('groups'),
      onChange: (delta) => this.groups?.onMetadata(delta),
    })
    this.stops.push(() => metadata.close())
    await metadata.open()
  }

  /** Settings of this broker, and of all brokers, that were changed at run time. */
  private takeSettings(delta: ClusterDelta): void {
    const isOurs = (type: number, name: string) =>
      type === ResourceType.BROKER && (name === '' || name === String(this.nodeId))
    for (const { resourceType, resourceName } of delta.changedConfigs()) {
      if (!isOurs(resourceType, resourceName)) continue
      const of = (name: string) => configsOf(delta.after, ResourceType.BROKER, name)
      this.currentConfig = this.options.config.withDynamic(of(''), of(String(this.nodeId)))
      return
    }
  }

  private createServices(
    metadata: ClusterMetadata,
    controller: Controller,
    partitions: PartitionManager,
    logs: LogManager,
    lifecycle: () => BrokerLifecycle | null,
  ): HandlerRegistry {
    const { world, clusterId } = this.options
    const { authorizer } = this
    const config = () => this.currentConfig
    const cluster = new NodeClusterView({
      nodeId: this.nodeId,
      clusterId,
      image: () => metadata.image,
      listeners: () => this.boundListeners,
    })
    const topics = new AutoTopicCreation({ controller, log: world.log, brokerConfig: config })
    const services: BrokerServices = {
      apiVersions: {
        announced: () => registry.announced(),
        supportedFeatures: [...SUPPORTED_FEATURES].map(([name, { min, max }]) => ({
          name,
          minLevel: min,
          maxLevel: max,
        })),
        finalizedFeatures: () => ({
          epoch: metadata.image.provenance.offset,
          levels: new Map([...metadata.image.features, [KRAFT_VERSION, 1]]),
        }),
      },
      produce: {
        cluster,
        authorizer,
        partitions,
        purgatory: this.producing,
        transactions: { isEnabled: () => false, verify: async () => [] },
      },
      fetch: {
        clock: world.clock,
        cluster,
        authorizer,
        sessions: new FetchSessionCache(
          world.entropy.fork('fetch sessions'),
          config().get('max.incremental.fetch.session.cache.slots'),
        ),
        purgatory: this.fetching,
        findPartition: (topicId, partition) => partitions.find(topicId, partition),
        maxBytes: () => config().get('fetch.max.bytes'),
      },
      metadata: {
        cluster,
        authorizer,
        autoCreateEnabled: () => config().get('auto.create.topics.enable'),
        autoCreate: (names) => topics.create(names),
      },
      findCoordinator: {
        cluster,
        authorizer,
        createTopic: (name) => topics.create([name]),
      },
      groups: { authorizer, groups: () => this.groups!.coordinator },
      controller: { controller, authorizer },
      partitions: { cluster, authorizer, partitions },
      initProducerId: {
        authorizer,
        producerIds: new ProducerIds(controller, {
          nodeId: this.nodeId,
          brokerEpoch: () => lifecycle()?.brokerEpoch ?? -1,
        }),
        transactions: null,
      },
      configs: { cluster, authorizer, brokerConfig: config, loggers: () => this.loggers() },
      logDirs: { cluster, files: world.files, logs },
      topicPartitions: {
        cluster,
        authorizer,
        maxPartitions: () => config().get('max.request.partition.size.limit'),
      },
      quorum: {
        quorum: () => {
          const { leaderId, epoch } = metadata.leadership
          const logEndOffset = metadata.log.endOffset
          const nowMs = world.clock.nowMs()
          const self = {
            nodeId: this.nodeId,
            directoryId: logs.directories[0]!.id,
            logEndOffset,
            lastFetchMs: nowMs,
            lastCaughtUpMs: nowMs,
          }
          return {
            leaderId,
            leaderEpoch: epoch,
            highWatermark: metadata.loadedOffset + 1,
            voters: [self],
            observers: [],
          }
        },
      },
    }
    const registry: HandlerRegistry = new HandlerRegistry(brokerHandlers(services), {
      listener: 'broker',
      unstableVersions: config().get('unstable.api.versions.enable'),
    })
    return registry
  }

  private async bind(
    listeners: readonly ListenerSettings[],
    registry: HandlerRegistry,
  ): Promise<ListenerServer[]> {
    const { world, config } = this.options
    const { authorizer } = this
    const pipeline = new RequestPipeline({
      registry,
      authorizer,
      clock: world.clock,
      log: world.log,
    })
    const pool = new BufferPool(MAX_IDLE_BUFFER_BYTES)
    const idleMs = config.get('connections.max.idle.ms')
    const idleSweep = new IdleSweep(world.clock, world.timers, idleMs)
    const names = listeners.map(({ name }) => name)
    const limits = new ConnectionLimits(connectionLimits(config, names))
    const servers: ListenerServer[] = []
    // Whoever waits is answered before connections end.
    this.stops.push(async () => {
      this.fetching.close()
      this.producing.close()
      for (const server of servers) await server.close()
    })
    for (const settings of listeners) {
      const server = await ListenerServer.bind({
        world,
        settings,
        pipeline,
        pool,
        idleSweep,
        limits,
        maxRequestBytes: config.get('socket.request.max.bytes'),
        backlog: config.get('socket.listen.backlog.size'),
      })
      servers.push(server)
    }
    return servers
  }

  private createLifecycle(
    metadata: ClusterMetadata,
    controller: Controller,
    logs: LogManager,
  ): BrokerLifecycle {
    const { world, config, clusterId, hostName = 'localhost' } = this.options
    return new BrokerLifecycle({
      world,
      nodeId: this.nodeId,
      clusterId,
      controller,
      listeners: this.boundListeners.map(({ settings, port }) => ({
        name: settings.name,
        host: settings.advertised?.host ?? (settings.host || hostName),
        port: settings.advertised?.port || port,
        securityProtocol: SECURITY_PROTOCOLS.indexOf(settings.securityProtocol),
        unknownTaggedFields: null,
      })),
      features: [...SUPPORTED_FEATURES].map(([name, { min, max }]) => ({
        name,
        minSupportedVersion: min,
        maxSupportedVersion: max,
        unknownTaggedFields: null,
      })),
      rack: config.get('broker.rack'),
      logDirs: logs.directories.map(({ id }) => id),
      previousEpoch: logs.stoppedEpoch ?? -1,
      heartbeatMs: config.get('broker.heartbeat.interval.ms'),
      registrationTimeoutMs: config.get('initial.broker.registration.timeout.ms'),
      metadataOffset: () => metadata.loadedOffset,
      offlineLogDirs: () =>
        logs.directories.filter(({ isOffline }) => isOffline).map(({ id }) => id),
    })
  }

  private get boundListeners(): BoundListener[] {
    return this.servers.map(({ settings, address }) => ({ settings, port: address.port }))
  }

  private loggers(): ReadonlyMap<string, string> {
    const { log } = this.options.world
    const levels = ['trace', 'debug', 'info', 'warn', 'error'] as const
    const level = levels.find((each) => log.isEnabled(each)) ?? 'error'
    return new Map([['root', level.toUpperCase()]])
  }
}

/** What this broker cannot serve must not look as if it could. */
function refuseUnserved(listeners: readonly ListenerSettings[]): void {
  const unserved = listeners.filter(({ securityProtocol }) => securityProtocol !== 'PLAINTEXT')
  if (unserved.length === 0) return
  const names = unserved.map(({ name, securityProtocol }) => `${name} (${securityProtocol})`)
  throw new ConfigError(
    `listeners: ${names.join(', ')} cannot be served; only PLAINTEXT listeners are supported so far`,
  )
}
