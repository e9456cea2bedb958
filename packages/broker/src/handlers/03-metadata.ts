/**
 * Metadata, versions 0 to 13: brokers, topics and who leads their partitions. The first thing a client asks
 * after ApiVersions, and again whenever it is sent away from where it looked.
 *
 * v1: a list that is null means all topics, an empty one none. v4: auto-creation can be declined. v10: topic
 * ids; v12: topics asked for by id. v13 (KIP-1102): an error of the whole response.
 */
import { ApiError } from '@barnabas/base'
import type { ClusterImage, TopicImage } from '@barnabas/metadata'
import {
  createMetadataResponseBroker,
  createMetadataResponsePartition,
  createMetadataResponseTopic,
  ErrorCode,
  MetadataRequest,
  MetadataResponse,
  type MetadataResponseTopic,
  type Uuid,
  ZERO_UUID,
} from '@barnabas/protocol'
import {
  aliveBrokers,
  type ClusterView,
  type NodeEndpoint,
  toldController,
} from '../cluster/cluster-view.ts'
import { describePartition } from '../cluster/partition-description.ts'
import { isInternalTopic, isTopicName } from '../cluster/topic-names.ts'
import type { RequestContext } from '../request/request-context.ts'
import {
  AclOperation,
  type Authorizer,
  authorizedOperations,
  CLUSTER_NAME,
  ResourceType,
} from '../security/authorizer.ts'
import { handler } from './handler.ts'

export interface MetadataServices {
  readonly cluster: ClusterView
  readonly authorizer: Authorizer
  /** `auto.create.topics.enable` */
  autoCreateEnabled(): boolean
  /** Begins to create topics, unless that is under way. The answer does not wait for it. */
  autoCreate(names: readonly string[], context: RequestContext): void
}

const NOT_ASKED = -2147483648

export function metadata(services: MetadataServices) {
  return handler({
    request: MetadataRequest,
    response: MetadataResponse,
    authorization: 'by-resource',
    handle: (context, request) => new MetadataAnswer(services, context, request).build(),
    failure: (request, errorCode) =>
      MetadataResponse.create({
        errorCode,
        topics: (request.topics ?? []).map(({ name, topicId }) =>
          createMetadataResponseTopic({ errorCode, name: name ?? '', topicId }),
        ),
      }),
  })
}

/** One answer in the making. */
class MetadataAnswer {
  private readonly services: MetadataServices
  private readonly context: RequestContext
  private readonly request: MetadataRequest
  private readonly image: ClusterImage
  private readonly alive: NodeEndpoint[]
  private readonly reachable: ReadonlySet<number>
  private readonly wantsAll: boolean

  constructor(services: MetadataServices, context: RequestContext, request: MetadataRequest) {
    this.services = services
    this.context = context
    this.request = request
    this.image = services.cluster.image()
    this.alive = aliveBrokers(services.cluster, context.connection)
    this.reachable = new Set(this.alive.map(({ id }) => id))
    const { topics } = request
    this.wantsAll = topics === null || (context.apiVersion === 0 && topics.length === 0)
  }

  build(): MetadataResponse {
    const { cluster } = this.services
    return MetadataResponse.create({
      brokers: this.alive.map(({ id, host, port, rack }) =>
        createMetadataResponseBroker({ nodeId: id, host, port, rack }),
      ),
      clusterId: cluster.clusterId,
      controllerId: toldController(cluster, this.alive),
      topics: this.topics(),
      clusterAuthorizedOperations: this.clusterOperations(),
    })
  }

  private topics(): MetadataResponseTopic[] {
    if (this.wantsAll) return this.allTopics()
    this.checkTopics()
    const ids = this.request.topics!.map(({ topicId }) => topicId).filter((id) => id !== ZERO_UUID)
    if (ids.length > 0) return [...new Set(ids)].map((id) => this.topicById(id))
    return this.topicsByName([...new Set(this.request.topics!.map(({ name }) => name!))])
  }

  private checkTopics(): void {
    const version = this.context.apiVersion
    for (const { name, topicId } of this.request.topics!) {
      if (version < 12 && name === null) {
        throw invalid(`a topic without a name is not allowed in version ${version}`)
      }
      if (version < 12 && topicId !== ZERO_UUID) {
        throw invalid(`topics cannot be asked for by id in version ${version}`)
      }
      if (name === null && topicId === ZERO_UUID) throw invalid('a topic has neither name nor id')
    }
  }

  /** Those that the client may not see are not mentioned. */
  private allTopics(): MetadataResponseTopic[] {
    const topics = [...this.image.topics.byName.values()]
    return topics.filter(({ name }) => this.mayDescribe(name)).map((topic) => this.found(topic))
  }

  private topicById(topicId: Uuid): MetadataResponseTopic {
    const topic = this.image.topics.byId.get(topicId)
    if (topic === undefined) return failed(ErrorCode.UNKNOWN_TOPIC_ID, null, topicId)
    // An id reveals nothing, the name that goes with it might.
    if (!this.mayDescribe(topic.name)) {
      return failed(ErrorCode.TOPIC_AUTHORIZATION_FAILED, null, topicId)
    }
    return this.found(topic)
  }

  private topicsByName(names: readonly string[]): MetadataResponseTopic[] {
    const missing: string[] = []
    const answers = names.map((name) => {
      if (!this.mayDescribe(name)) return failed(ErrorCode.TOPIC_AUTHORIZATION_FAILED, name)
      const topic = this.image.topics.byName.get(name)
      if (topic !== undefined) return this.found(topic)
      if (this.autoCreates && !this.mayCreate(name)) {
        return failed(ErrorCode.TOPIC_AUTHORIZATION_FAILED, name)
      }
      if (!isTopicName(name)) return failed(ErrorCode.INVALID_TOPIC_EXCEPTION, name)
      missing.push(name)
      // Also when it is about to be created: the client asks again, and finds it then.
      return failed(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, name)
    })
    if (this.autoCreates && missing.length > 0) this.services.autoCreate(missing, this.context)
    return answers
  }

  private get autoCreates(): boolean {
    return this.request.allowAutoTopicCreation && this.services.autoCreateEnabled()
  }

  private found(topic: TopicImage): MetadataResponseTopic {
    const { apiVersion } = this.context
    const rules = { onlyReachable: apiVersion === 0, knowsListenerNotFound: apiVersion >= 6 }
    return createMetadataResponseTopic({
      name: topic.name,
      topicId: topic.id,
      isInternal: isInternalTopic(topic.name),
      topicAuthorizedOperations: this.topicOperations(topic.name),
      partitions: topic.partitions.map((partition, partitionIndex) => {
        const described = describePartition(this.image, partition, this.isReachable, rules)
        return createMetadataResponsePartition({
          errorCode: described.errorCode,
          partitionIndex,
          leaderId: described.leader,
          leaderEpoch: partition.leaderEpoch,
          replicaNodes: described.replicas,
          isrNodes: described.isr,
          offlineReplicas: described.offlineReplicas,
        })
      }),
    })
  }

  private readonly isReachable = (id: number) => this.reachable.has(id)

  private mayDescribe(topic: string): boolean {
    return this.may(AclOperation.DESCRIBE, ResourceType.TOPIC, topic)
  }

  private mayCreate(topic: string): boolean {
    return (
      this.may(AclOperation.CREATE, ResourceType.CLUSTER, CLUSTER_NAME) ||
      this.may(AclOperation.CREATE, ResourceType.TOPIC, topic)
    )
  }

  private may(operation: AclOperation, type: ResourceType, name: string): boolean {
    return this.services.authorizer.allows(this.context.connection, operation, type, name)
  }

  private topicOperations(topic: string): number {
    if (!this.request.includeTopicAuthorizedOperations) return NOT_ASKED
    const { connection } = this.context
    return authorizedOperations(this.services.authorizer, connection, ResourceType.TOPIC, topic)
  }

  private clusterOperations(): number {
    if (!this.request.includeClusterAuthorizedOperations) return NOT_ASKED
    if (!this.may(AclOperation.DESCRIBE, ResourceType.CLUSTER, CLUSTER_NAME)) return 0
    const { authorizer } = this.services
    const { connection } = this.context
    return authorizedOperations(authorizer, connection, ResourceType.CLUSTER, CLUSTER_NAME)
  }
}

function failed(
  errorCode: number,
  name: string | null,
  topicId: Uuid = ZERO_UUID,
): MetadataResponseTopic {
  const isInternal = name !== null && isInternalTopic(name)
  return createMetadataResponseTopic({ errorCode, name, topicId, isInternal })
}

function invalid(message: string): ApiError {
  return new ApiError(ErrorCode.INVALID_REQUEST, message)
}
