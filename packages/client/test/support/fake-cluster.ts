/**
 * Brokers for the client's tests, in memory and on virtual time: they speak the real protocol over the
 * world's network, answer what every client needs (versions, metadata) by themselves, and anything else
 * through handlers that the test sets.
 */
import { BufferPool, type World } from '@barnabas/base'
import { createTestWorld, type TestWorld } from '@barnabas/base/testing'
import { Client, type ClientOptions } from '@barnabas/client'
import { type Frame, ServerConnection } from '@barnabas/network'
import {
  APIS,
  ApiKey,
  apiByKey,
  ApiVersionsResponse,
  FindCoordinatorResponse,
  type FindCoordinatorRequest,
  MetadataResponse,
  type MetadataRequest,
  type MessageType,
  Reader,
  readRequestHeader,
  responseHeaderVersion,
  Writer,
  writeResponseHeader,
} from '@barnabas/protocol'

export interface HandlerContext {
  broker: FakeBroker
  version: number
  clientId: string | null
  connection: ServerConnection
}

/** Undefined leaves the request unanswered; 'close' closes the connection. */
export type Handler = (
  request: any,
  context: HandlerContext,
) => object | undefined | 'close' | Promise<object | undefined | 'close'>

export interface FakeTopic {
  name: string
  id: string
  /** Leader of each partition; -1 for none. */
  leaders: number[]
  leaderEpochs: number[]
  errorCode: number
}

export interface SeenRequest {
  node: number
  api: string
  version: number
  body: any
  atMs: number
}

export class FakeCluster {
  readonly world: TestWorld
  readonly brokers = new Map<number, FakeBroker>()
  readonly topics = new Map<string, FakeTopic>()
  readonly handlers = new Map<number, Handler>()
  readonly requests: SeenRequest[] = []
  /** Versions offered by API key; what is absent is offered in all versions. */
  versions = new Map<number, { min: number; max: number } | null>()
  features = new Map<string, number>()
  controllerId = 1
  autoCreatePartitions = 0
  private nextTopicId = 1
  private readonly clients: Client[] = []

  constructor(world: TestWorld) {
    this.world = world
  }

  static async start(brokers = 1, seed: number | string = 1): Promise<FakeCluster> {
    const cluster = new FakeCluster(createTestWorld(seed, { host: 'client' }))
    for (let id = 1; id <= brokers; id++) await cluster.addBroker(id)
    return cluster
  }

  async addBroker(id: number): Promise<FakeBroker> {
    const host = `broker-${id}`
    const broker = new FakeBroker(this, id, this.world.addHost(host), host)
    this.brokers.set(id, broker)
    await broker.start()
    return broker
  }

  addTopic(name: string, partitions = 1): FakeTopic {
    const ids = [...this.brokers.keys()]
    const id = Buffer.alloc(16)
    id.writeUInt32BE(0x10000 + this.nextTopicId++, 0)
    const topic: FakeTopic = {
      name,
      id: id.toString('base64url'),
      leaders: Array.from({ length: partitions }, (_, n) => ids[n % ids.length]!),
      leaderEpochs: Array.from({ length: partitions }, () => 0),
      errorCode: 0,
    }
    this.topics.set(name, topic)
    return topic
  }

  on(apiKey: number, handler: Handler): void {
    this.handlers.set(apiKey, handler)
  }

  client(options: Partial<ClientOptions> = {}): Client {
    const client = new Client({
      bootstrapServers: 'broker-1:9092',
      world: this.world as World,
      ...options,
    })
    this.clients.push(client)
    return client
  }

  requestsOf(api: string): SeenRequest[] {
    return this.requests.filter((request) => request.api === api)
  }

  topicById(id: string): FakeTopic | undefined {
    for (const topic of this.topics.values()) if (topic.id === id) return topic
    return undefined
  }
}

export class FakeBroker {
  readonly id: number
  readonly host: string
  readonly cluster: FakeCluster
  private world: TestWorld
  private readonly connections = new Set<ServerConnection>()
  private listener: { close(): Promise<void> } | null = null

  constructor(cluster: FakeCluster, id: number, world: TestWorld, host: string) {
    this.cluster = cluster
    this.id = id
    this.world = world
    this.host = host
  }

  async start(): Promise<void> {
    this.listener = await this.world.transport.listen({ host: '', port: 9092 }, (channel) => {
      const connection = new ServerConnection({
        channel,
        pool: new BufferPool(1 << 20),
        clock: this.world.clock,
        timers: this.world.timers,
        maxRequestBytes: 100 << 20,
        onRequest: (to, frame) => void this.onRequest(to, frame),
        onClose: (gone) => this.connections.delete(gone),
      })
      this.connections.add(connection)
      connection.start()
    })
  }

  /** Refuses connections and closes those there are. */
  async stop(): Promise<void> {
    await this.listener?.close()
    this.disconnectAll()
  }

  disconnectAll(): void {
    for (const connection of [...this.connections]) connection.close(null)
  }

  get connectionCount(): number {
    return this.connections.size
  }

  private async onRequest(connection: ServerConnection, frame: Frame): Promise<void> {
    const { cluster } = this
    const reader = new Reader(Buffer.from(frame.bytes()))
    frame.release()
    const header = readRequestHeader(reader)
    const api = apiByKey(header.apiKey)!
    const version = header.apiVersion
    const known = this.offered(header.apiKey)
    if (header.apiKey === ApiKey.ApiVersions && (known === null || version > known.max)) {
      this.answer(connection, ApiVersionsResponse, 0, 0, header.correlationId, {
        errorCode: 35,
        apiKeys: known === null ? [] : this.apiVersions(),
      })
      return
    }
    const body = api.request.read(reader, version)
    cluster.requests.push({
      node: this.id,
      api: api.name,
      version,
      body,
      atMs: cluster.world.clock.monotonicMs(),
    })
    const handler = cluster.handlers.get(header.apiKey) ?? builtIn.get(header.apiKey)
    if (handler === undefined) throw new Error(`the test has no handler for ${api.name}`)
    const context = { broker: this, version, clientId: header.clientId, connection }
    const answer = await handler(body, context)
    if (answer === 'close') connection.close(null)
    else if (answer === undefined) return
    else {
      const headerVersion = responseHeaderVersion(api, version)
      this.answer(connection, api.response, version, headerVersion, header.correlationId, answer)
    }
  }

  private answer(
    connection: ServerConnection,
    type: MessageType<any>,
    version: number,
    headerVersion: number,
    correlationId: number,
    message: object,
  ): void {
    const writer = new Writer()
    writeResponseHeader(writer, headerVersion, correlationId)
    type.write(writer, type.create(message), version)
    connection.respond([writer.finishBuffer()])
  }

  private offered(apiKey: number): { min: number; max: number } | null {
    const chosen = this.cluster.versions.get(apiKey)
    if (chosen !== undefined) return chosen
    const { minVersion, maxVersion } = apiByKey(apiKey)!.request
    return { min: minVersion, max: maxVersion }
  }

  /** @internal */
  apiVersions() {
    return APIS.flatMap((api) => {
      const range = this.offered(api.key)
      return range === null
        ? []
        : [
            {
              apiKey: api.key,
              minVersion: range.min,
              maxVersion: range.max,
              unknownTaggedFields: null,
            },
          ]
    })
  }
}

const builtIn = new Map<number, Handler>([
  [
    ApiKey.ApiVersions,
    (_request, { broker, version }) =>
      ApiVersionsResponse.create({
        apiKeys: broker.apiVersions(),
        finalizedFeatures:
          version < 3
            ? []
            : [...broker.cluster.features].map(([name, level]) => ({
                name,
                maxVersionLevel: level,
                minVersionLevel: level,
                unknownTaggedFields: null,
              })),
      }),
  ],
  [
    ApiKey.Metadata,
    (request: MetadataRequest, { broker: { cluster }, version }) => {
      const names = request.topics?.map((topic) => topic.name!) ?? [...cluster.topics.keys()]
      return MetadataResponse.create({
        brokers: [...cluster.brokers.values()].map(({ id, host }) => ({
          nodeId: id,
          host,
          port: 9092,
          rack: null,
          unknownTaggedFields: null,
        })),
        clusterId: version >= 2 ? 'fake' : null,
        controllerId: cluster.controllerId,
        topics: names.map((name) => describe(cluster, name, version)) as never,
      })
    },
  ],
  [
    ApiKey.FindCoordinator,
    (request: FindCoordinatorRequest, { broker: { cluster }, version }) => {
      const [first] = cluster.brokers.values()
      const place = { nodeId: first!.id, host: first!.host, port: 9092, errorCode: 0 }
      if (version < 4) return FindCoordinatorResponse.create(place)
      return FindCoordinatorResponse.create({
        coordinators: request.coordinatorKeys.map((key) => ({
          key,
          ...place,
          errorMessage: null,
          unknownTaggedFields: null,
        })),
      })
    },
  ],
])

function describe(cluster: FakeCluster, name: string, version: number) {
  let topic = cluster.topics.get(name)
  if (topic === undefined && cluster.autoCreatePartitions > 0) {
    topic = cluster.addTopic(name, cluster.autoCreatePartitions)
  }
  const base = {
    name,
    topicId: version >= 10 && topic ? topic.id : 'AAAAAAAAAAAAAAAAAAAAAA',
    isInternal: false,
    topicAuthorizedOperations: -2147483648,
    unknownTaggedFields: null,
  }
  if (topic === undefined) return { ...base, errorCode: 3, partitions: [] }
  return {
    ...base,
    errorCode: topic.errorCode,
    partitions: topic.leaders.map((leaderId, partitionIndex) => ({
      errorCode: leaderId < 0 ? 5 : 0,
      partitionIndex,
      leaderId,
      leaderEpoch: version >= 7 ? topic.leaderEpochs[partitionIndex]! : -1,
      replicaNodes: leaderId < 0 ? [] : [leaderId],
      isrNodes: leaderId < 0 ? [] : [leaderId],
      offlineReplicas: [],
      unknownTaggedFields: null,
    })),
  }
}
