/**
 * Produce, versions 3 to 13: appends one batch to each partition named. Announced from version 0, since an
 * old library gives up compression when it does not see that.
 *
 * v8 (KIP-467): errors of single records. v10 (KIP-951): where the new leader is. v11: an error that lets a
 * transaction be aborted. v12 (KIP-890): adds partitions to transactions. v13 (KIP-516): topic ids.
 */
import type { Awaitable } from '@barnabas/base'
import {
  BATCH_HEADER_BYTES,
  BatchView,
  checkProducePayload,
  createProduceResponseBatchIndexAndErrorMessage,
  createProduceResponseNodeEndpoint,
  createProduceResponsePartitionProduceResponse,
  createProduceResponseTopicProduceResponse,
  ErrorCode,
  MAGIC_AT,
  MAGIC_V2,
  ProduceRequest,
  type ProduceRequestPartitionProduceData,
  type ProduceRequestTopicProduceData,
  ProduceResponse,
  type ProduceResponsePartitionProduceResponse,
} from '@barnabas/protocol'
import type { ClusterView } from '../cluster/cluster-view.ts'
import { isInternalTopic } from '../cluster/topic-names.ts'
import type { Partition } from '../partition/partition.ts'
import type { PartitionDirectory } from '../partition/partition-directory.ts'
import { ProduceAppends } from '../produce/produce-appends.ts'
import type { TransactionGate } from '../produce/transaction-gate.ts'
import type { Purgatory } from '../purgatory.ts'
import type { RequestContext } from '../request/request-context.ts'
import { AclOperation, type Authorizer, ResourceType } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export interface ProduceServices {
  readonly cluster: ClusterView
  readonly authorizer: Authorizer
  readonly purgatory: Purgatory<Partition>
  readonly transactions: TransactionGate
  readonly partitions: PartitionDirectory
}

const TOPIC_IDS_SINCE = 13
const LEADERS_SINCE = 10
/** The client id under which administration tools write to internal topics. */
const ADMIN_CLIENT = '__admin_client'

export function produce(services: ProduceServices) {
  return handler({
    request: ProduceRequest,
    response: ProduceResponse,
    announcedMinVersion: 0,
    authorization: 'by-resource',
    handle: (context, request) => new ProduceExchange(services, context, request).run(),
    failure: (request, errorCode) =>
      request.acks === 0 ? null : failedAsWhole(request, errorCode),
  })
}

/** One produce request from its bytes to its response. */
class ProduceExchange {
  private readonly services: ProduceServices
  private readonly context: RequestContext
  private readonly request: ProduceRequest
  private readonly response = ProduceResponse.create()
  private readonly appends: ProduceAppends

  constructor(services: ProduceServices, context: RequestContext, request: ProduceRequest) {
    this.services = services
    this.context = context
    this.request = request
    this.appends = new ProduceAppends({
      request,
      version: context.apiVersion,
      memory: context.memory,
      purgatory: services.purgatory,
      transactions: services.transactions,
    })
  }

  run(): Awaitable<ProduceResponse | null> {
    if (!this.mayWriteTransaction()) {
      return this.conclude(
        failedAsWhole(this.request, ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
      )
    }
    for (const topic of this.request.topicData) this.addTopic(topic)
    const done = this.appends.run()
    if (done instanceof Promise) return done.then(() => this.conclude(this.response))
    return this.conclude(this.response)
  }

  /** Transactional batches need the right to the transactional id, which must be named. */
  private mayWriteTransaction(): boolean {
    const { transactionalId, topicData } = this.request
    const has = topicData.some(({ partitionData }) => partitionData.some(isTransactional))
    if (!has) return true
    return (
      transactionalId !== null &&
      this.may(AclOperation.WRITE, ResourceType.TRANSACTIONAL_ID, transactionalId)
    )
  }

  private addTopic(topic: ProduceRequestTopicProduceData): void {
    const byId = this.context.apiVersion >= TOPIC_IDS_SINCE
    const { topics } = this.services.cluster.image()
    const known = byId ? topics.byId.get(topic.topicId) : topics.byName.get(topic.name)
    const name = byId ? known?.name : topic.name
    const missing = byId ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    const problem =
      name === undefined
        ? missing
        : this.topicProblem(name) || (known === undefined ? missing : ErrorCode.NONE)
    const answer = createProduceResponseTopicProduceResponse({
      name: topic.name,
      topicId: topic.topicId,
    })
    this.response.responses.push(answer)
    for (const data of topic.partitionData) {
      const result = failedPartition(data.index, problem)
      answer.partitionResponses.push(result)
      if (problem === ErrorCode.NONE) this.addPartition(known!.id, data, result)
    }
  }

  private topicProblem(name: string): number {
    if (!this.may(AclOperation.WRITE, ResourceType.TOPIC, name)) {
      return ErrorCode.TOPIC_AUTHORIZATION_FAILED
    }
    if (isInternalTopic(name) && this.context.clientId !== ADMIN_CLIENT) {
      return ErrorCode.INVALID_TOPIC_EXCEPTION
    }
    return ErrorCode.NONE
  }

  private addPartition(
    topicId: string,
    data: ProduceRequestPartitionProduceData,
    result: ProduceResponsePartitionProduceResponse,
  ): void {
    const partition = this.services.partitions.find(topicId, data.index)
    if (typeof partition === 'number') {
      result.errorCode = partition
      return
    }
    const batch = checkProducePayload(data.records as Buffer | null, this.context.apiVersion)
    if (batch instanceof BatchView) {
      this.appends.add(partition, batch, result)
      return
    }
    result.errorCode = batch.errorCode
    result.errorMessage = batch.message
    result.recordErrors = batch.recordErrors.map(({ batchIndex, message }) =>
      createProduceResponseBatchIndexAndErrorMessage({
        batchIndex,
        batchIndexErrorMessage: message,
      }),
    )
  }

  private may(operation: AclOperation, type: ResourceType, name: string): boolean {
    return this.services.authorizer.allows(this.context.connection, operation, type, name)
  }

  private conclude(response: ProduceResponse): ProduceResponse | null {
    if (this.request.acks === 0) {
      // The only way to tell a client that wants no response that something went wrong.
      if (hasError(response)) this.context.closeConnection()
      return null
    }
    if (this.context.apiVersion >= LEADERS_SINCE) this.addLeaders(response)
    return response
  }

  /** Clients that came to the wrong broker learn at once where to go. */
  private addLeaders(response: ProduceResponse): void {
    const { cluster } = this.services
    const image = cluster.image()
    const told = new Set<number>()
    for (const { name, topicId, partitionResponses } of response.responses) {
      for (const result of partitionResponses) {
        if (result.errorCode !== ErrorCode.NOT_LEADER_OR_FOLLOWER) continue
        const topic = image.topics.byName.get(name) ?? image.topics.byId.get(topicId)
        const partition = topic?.partitions[result.index]
        if (partition === undefined) continue
        const { leader: leaderId, leaderEpoch } = partition
        result.currentLeader = { leaderId, leaderEpoch, unknownTaggedFields: null }
        const broker = image.brokers.get(leaderId)
        const endpoint = broker && cluster.endpoint(broker, this.context.connection)
        if (!endpoint || told.has(leaderId)) continue
        told.add(leaderId)
        response.nodeEndpoints.push(
          createProduceResponseNodeEndpoint({ nodeId: leaderId, ...endpoint, rack: broker.rack }),
        )
      }
    }
  }
}

/** A look at the flag; whether the batch is sound is checked later. */
function isTransactional({ records }: ProduceRequestPartitionProduceData): boolean {
  const bytes = records as Buffer | null
  return (
    bytes !== null &&
    bytes.length >= BATCH_HEADER_BYTES &&
    bytes[MAGIC_AT] === MAGIC_V2 &&
    new BatchView(bytes, 0).isTransactional
  )
}

function failedPartition(
  index: number,
  errorCode: number,
): ProduceResponsePartitionProduceResponse {
  return createProduceResponsePartitionProduceResponse({ index, errorCode, baseOffset: -1 })
}

function failedAsWhole(request: ProduceRequest, errorCode: number): ProduceResponse {
  return ProduceResponse.create({
    responses: request.topicData.map(({ name, topicId, partitionData }) =>
      createProduceResponseTopicProduceResponse({
        name,
        topicId,
        partitionResponses: partitionData.map(({ index }) => failedPartition(index, errorCode)),
      }),
    ),
  })
}

function hasError({ responses }: ProduceResponse): boolean {
  return responses.some(({ partitionResponses }) =>
    partitionResponses.some(({ errorCode }) => errorCode !== ErrorCode.NONE),
  )
}
