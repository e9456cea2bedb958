/**
 * Fetch, versions 4 to 18: record batches from an offset on, for consumers and for followers. Waits for
 * `minBytes` up to `maxWaitMs`.
 *
 * v7 (KIP-227): sessions. v9 (KIP-320): leader epochs. v11 (KIP-392): reading from followers. v12 (KIP-595):
 * diverging epochs. v13 (KIP-516): topic ids. v16 (KIP-951): where the new leader is.
 */
import type { Awaitable, Clock } from '@barnabas/base'
import {
  createFetchResponseFetchableTopicResponse,
  createFetchResponseNodeEndpoint,
  ErrorCode,
  FetchRequest,
  FetchResponse,
  type FetchResponseFetchableTopicResponse,
  ZERO_UUID,
} from '@barnabas/protocol'
import type { ClusterView } from '../cluster/cluster-view.ts'
import type { FetchConclusion, FetchContext } from '../fetch/fetch-context.ts'
import { openFetch } from '../fetch/fetch-context.ts'
import {
  isEnough,
  readTargets,
  releaseReadings,
  type ResolvedTarget,
  type TargetReading,
} from '../fetch/fetch-reading.ts'
import type { FetchSessionCache } from '../fetch/fetch-session-cache.ts'
import { type FetchTarget, usesTopicIds } from '../fetch/fetch-target.ts'
import { FetchWait } from '../fetch/fetch-wait.ts'
import type { ReadablePartition, ReadIsolation } from '../fetch/readable-partition.ts'
import type { Purgatory } from '../purgatory.ts'
import type { RequestContext } from '../request/request-context.ts'
import {
  AclOperation,
  type Authorizer,
  CLUSTER_NAME,
  ResourceType,
} from '../security/authorizer.ts'
import { handler } from './handler.ts'

export interface FetchServices {
  readonly clock: Clock
  readonly cluster: ClusterView
  readonly authorizer: Authorizer
  readonly sessions: FetchSessionCache
  readonly purgatory: Purgatory<ReadablePartition>
  /** The partition as this broker holds it, or the error of why it does not. */
  findPartition(topicId: string, partition: number): ReadablePartition | number
  /** `fetch.max.bytes` */
  maxBytes(): number
}

const READ_COMMITTED = 1

export function fetch(services: FetchServices) {
  return handler({
    request: FetchRequest,
    response: FetchResponse,
    authorization: 'by-resource',
    handle: (context, request) => new FetchExchange(services, context, request).run(),
    failure: (_request, errorCode) => FetchResponse.create({ errorCode }),
  })
}

/** One fetch from its request to its response. */
class FetchExchange {
  private readonly services: FetchServices
  private readonly context: RequestContext
  private readonly request: FetchRequest
  private readonly session: FetchContext
  private readonly replicaId: number
  private readonly isolation: ReadIsolation
  private readonly maxBytes: number
  private readonly minBytes: number

  constructor(services: FetchServices, context: RequestContext, request: FetchRequest) {
    this.services = services
    this.context = context
    this.request = request
    this.replicaId = context.apiVersion >= 15 ? request.replicaState.replicaId : request.replicaId
    this.isolation = this.chooseIsolation()
    this.maxBytes = Math.min(request.maxBytes, services.maxBytes())
    this.minBytes = Math.min(request.minBytes, this.maxBytes)
    const { byId } = services.cluster.image().topics
    this.session = openFetch(services.sessions, {
      request,
      version: context.apiVersion,
      fromFollower: this.fromFollower,
      nowMs: services.clock.nowMs(),
      topicName: (id) => byId.get(id)?.name ?? null,
    })
  }

  run(): Awaitable<FetchResponse> {
    if (this.session.errorCode !== ErrorCode.NONE) return this.conclude([])
    const targets = this.resolve()
    const readings = readTargets(targets, this.isolation, this.maxBytes)
    if (readings instanceof Promise) return readings.then((read) => this.answer(targets, read))
    return this.answer(targets, readings)
  }

  private answer(
    targets: readonly ResolvedTarget[],
    readings: readonly TargetReading[],
  ): Awaitable<FetchResponse> {
    const waits =
      this.request.maxWaitMs > 0 &&
      targets.some(({ partition }) => partition !== null) &&
      !isEnough(readings, this.minBytes)
    if (!waits) return this.conclude(readings)
    releaseReadings(readings)
    return new Promise((resolve, reject) => {
      this.services.purgatory.watch(
        new FetchWait({
          readings,
          isolation: this.isolation,
          minBytes: this.minBytes,
          maxWaitMs: this.request.maxWaitMs,
          complete: () => resolve(this.readAgain(targets)),
          fail: reject,
        }),
      )
    })
  }

  private readAgain(targets: readonly ResolvedTarget[]): Awaitable<FetchResponse> {
    const readings = readTargets(targets, this.isolation, this.maxBytes)
    if (readings instanceof Promise) return readings.then((read) => this.conclude(read))
    return this.conclude(readings)
  }

  private get fromFollower(): boolean {
    return this.replicaId >= 0
  }

  private chooseIsolation(): ReadIsolation {
    if (this.fromFollower) return 'log-end'
    return this.request.isolationLevel === READ_COMMITTED ? 'committed' : 'uncommitted'
  }

  private resolve(): ResolvedTarget[] {
    const mayReplicate = this.fromFollower && this.mayReplicate()
    const readable = new Map<string, boolean>()
    return this.session.targets.map((target) => {
      const found = this.find(target, (topic) => {
        if (this.fromFollower) return mayReplicate
        let may = readable.get(topic)
        if (may === undefined) {
          may = this.mayRead(topic)
          readable.set(topic, may)
        }
        return may
      })
      return typeof found === 'number'
        ? { target, partition: null, errorCode: found }
        : { target, partition: found, errorCode: ErrorCode.NONE }
    })
  }

  private find(target: FetchTarget, may: (topic: string) => boolean): ReadablePartition | number {
    if (target.topic === null) return ErrorCode.UNKNOWN_TOPIC_ID
    if (!may(target.topic)) return ErrorCode.TOPIC_AUTHORIZATION_FAILED
    if (target.topicId !== ZERO_UUID) {
      return this.services.findPartition(target.topicId, target.partition)
    }
    const topic = this.services.cluster.image().topics.byName.get(target.topic)
    if (topic === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return this.services.findPartition(topic.id, target.partition)
  }

  private mayRead(topic: string): boolean {
    const { connection } = this.context
    return this.services.authorizer.allows(connection, AclOperation.READ, ResourceType.TOPIC, topic)
  }

  private mayReplicate(): boolean {
    const { connection } = this.context
    return this.services.authorizer.allows(
      connection,
      AclOperation.CLUSTER_ACTION,
      ResourceType.CLUSTER,
      CLUSTER_NAME,
    )
  }

  private conclude(readings: readonly TargetReading[]): FetchResponse {
    if (readings.some(({ reading }) => reading.release !== null)) {
      this.context.whenSent(() => releaseReadings(readings))
    }
    const outcomes = readings.map(({ resolved, reading }) => ({
      target: resolved.target,
      data: reading.data,
    }))
    const conclusion = this.session.conclude(outcomes, this.services.clock.nowMs())
    const response = FetchResponse.create({
      errorCode: conclusion.errorCode,
      sessionId: conclusion.sessionId,
      responses: this.byTopic(conclusion),
    })
    if (this.context.apiVersion >= 16) this.addLeaders(response)
    return response
  }

  /** Neighbouring partitions of one topic go together. */
  private byTopic({ outcomes }: FetchConclusion): FetchResponseFetchableTopicResponse[] {
    const topics: FetchResponseFetchableTopicResponse[] = []
    const byId = usesTopicIds(this.context.apiVersion)
    let key: string | null = null
    for (const { target, data } of outcomes) {
      const next = byId ? target.topicId : target.topic
      if (next !== key || topics.length === 0) {
        topics.push(
          createFetchResponseFetchableTopicResponse({
            topic: byId ? '' : (target.topic ?? ''),
            topicId: byId ? target.topicId : ZERO_UUID,
          }),
        )
        key = next
      }
      topics[topics.length - 1]!.partitions.push(data)
    }
    return topics
  }

  /** Clients that came to the wrong broker learn at once where to go. */
  private addLeaders(response: FetchResponse): void {
    const { cluster } = this.services
    const image = cluster.image()
    const told = new Set<number>()
    for (const { topicId, partitions } of response.responses) {
      for (const data of partitions) {
        if (!isElsewhere(data.errorCode)) continue
        const partition = image.topics.byId.get(topicId)?.partitions[data.partitionIndex]
        if (partition === undefined) continue
        const { leader: leaderId, leaderEpoch } = partition
        data.currentLeader = { leaderId, leaderEpoch, unknownTaggedFields: null }
        const broker = image.brokers.get(leaderId)
        const endpoint = broker && cluster.endpoint(broker, this.context.connection)
        if (!endpoint || told.has(leaderId)) continue
        told.add(leaderId)
        response.nodeEndpoints.push(
          createFetchResponseNodeEndpoint({ nodeId: leaderId, ...endpoint, rack: broker.rack }),
        )
      }
    }
  }
}

function isElsewhere(errorCode: number): boolean {
  return (
    errorCode === ErrorCode.NOT_LEADER_OR_FOLLOWER || errorCode === ErrorCode.FENCED_LEADER_EPOCH
  )
}
