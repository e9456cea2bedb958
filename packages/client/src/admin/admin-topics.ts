/** Topics: create, delete, list, describe, add partitions. */
import {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
  CreateTopicsRequest,
  CreateTopicsResponse,
  createCreatePartitionsRequestCreatePartitionsAssignment,
  createCreatePartitionsRequestCreatePartitionsTopic,
  createCreateTopicsRequestCreatableReplicaAssignment,
  createCreateTopicsRequestCreatableTopic,
  createCreateTopicsRequestCreatableTopicConfig,
  createDeleteTopicsRequestDeleteTopicState,
  createMetadataRequestTopic,
  DeleteTopicsRequest,
  DeleteTopicsResponse,
  ErrorCode,
  MetadataRequest,
  MetadataResponse,
  type MetadataResponseTopic,
} from '@barnabas/protocol'
import type { CallOptions, Caller } from '../core/caller.ts'
import { brokerError, ClientError } from '../errors.ts'
import { type AclOperation, operationsOf } from './operations.ts'

export interface NewTopic {
  topic: string
  /** The broker's `num.partitions` when absent. */
  partitions?: number
  /** The broker's `default.replication.factor` when absent. */
  replicationFactor?: number
  /** Brokers of each partition, the preferred leader first; instead of the two above. */
  assignments?: readonly (readonly number[])[]
  configs?: Readonly<Record<string, string>>
}

export interface CreatedTopic {
  topic: string
  /** Null from brokers that do not tell. */
  topicId: string | null
  partitions: number
  replicationFactor: number
}

export interface TopicPartitionDescription {
  partition: number
  /** -1 when nobody leads. */
  leader: number
  leaderEpoch: number
  replicas: readonly number[]
  isr: readonly number[]
  offlineReplicas: readonly number[]
}

export interface TopicDescription {
  topic: string
  topicId: string
  isInternal: boolean
  partitions: readonly TopicPartitionDescription[]
  /** What the principal may do; empty unless asked for. */
  authorizedOperations: readonly AclOperation[]
}

export interface TopicListing {
  topic: string
  topicId: string
  isInternal: boolean
  partitions: number
}

export interface CreateTopicsOptions extends CallOptions {
  /** Only checks whether the topics could be created. */
  validateOnly?: boolean
}

/** A result for each of several things, or the error that it met. */
export type Outcome<T> = { value: T; error: null } | { value: null; error: ClientError }

export async function createTopics(
  caller: Caller,
  topics: readonly NewTopic[],
  options: CreateTopicsOptions = {},
): Promise<Map<string, Outcome<CreatedTopic>>> {
  return caller.call(
    {
      request: CreateTopicsRequest,
      response: CreateTopicsResponse,
      target: 'controller',
      build: (version) => ({
        topics: topics.map((topic) => creatable(topic, version)),
        timeoutMs: caller.loop.settings.requestTimeoutMs,
        validateOnly: options.validateOnly ?? false,
      }),
    },
    options,
    (answer, { broker }) => {
      const outcomes = new Map<string, Outcome<CreatedTopic>>()
      for (const result of answer.topics) {
        const { name, errorCode, errorMessage, topicId, numPartitions, replicationFactor } = result
        throwIfNotController(errorCode, broker)
        const value = { topic: name, topicId, partitions: numPartitions, replicationFactor }
        outcomes.set(
          name,
          outcomeOf(errorCode, value, { message: errorMessage, about: name, broker }),
        )
      }
      return outcomes
    },
  )
}

function creatable(topic: NewTopic, version: number) {
  // Brokers before 2.4 know no defaults of their own here.
  const unset = version >= 4 ? -1 : 1
  return createCreateTopicsRequestCreatableTopic({
    name: topic.topic,
    numPartitions: topic.assignments ? -1 : (topic.partitions ?? unset),
    replicationFactor: topic.assignments ? -1 : (topic.replicationFactor ?? unset),
    assignments: (topic.assignments ?? []).map((brokerIds, partitionIndex) =>
      createCreateTopicsRequestCreatableReplicaAssignment({
        partitionIndex,
        brokerIds: [...brokerIds],
      }),
    ),
    configs: Object.entries(topic.configs ?? {}).map(([name, value]) =>
      createCreateTopicsRequestCreatableTopicConfig({ name, value }),
    ),
  })
}

export async function deleteTopics(
  caller: Caller,
  topics: readonly string[],
  options: CallOptions = {},
): Promise<Map<string, Outcome<void>>> {
  return caller.call(
    {
      request: DeleteTopicsRequest,
      response: DeleteTopicsResponse,
      target: 'controller',
      build: (version) => ({
        timeoutMs: caller.loop.settings.requestTimeoutMs,
        ...(version >= 6
          ? { topics: topics.map((name) => createDeleteTopicsRequestDeleteTopicState({ name })) }
          : { topicNames: [...topics] }),
      }),
    },
    options,
    (answer, { broker }) => {
      const outcomes = new Map<string, Outcome<void>>()
      for (const { name, errorCode, errorMessage } of answer.responses) {
        throwIfNotController(errorCode, broker)
        const details = { message: errorMessage, about: name, broker }
        outcomes.set(name ?? '', outcomeOf(errorCode, undefined, details))
      }
      return outcomes
    },
  )
}

export interface NewPartitions {
  topic: string
  /** How many the topic shall have in all. */
  count: number
  /** Brokers of each new partition. */
  assignments?: readonly (readonly number[])[]
}

export async function createPartitions(
  caller: Caller,
  topics: readonly NewPartitions[],
  options: CreateTopicsOptions = {},
): Promise<Map<string, Outcome<void>>> {
  return caller.call(
    {
      request: CreatePartitionsRequest,
      response: CreatePartitionsResponse,
      target: 'controller',
      build: () => ({
        topics: topics.map(({ topic, count, assignments }) =>
          createCreatePartitionsRequestCreatePartitionsTopic({
            name: topic,
            count,
            assignments:
              assignments?.map((brokerIds) =>
                createCreatePartitionsRequestCreatePartitionsAssignment({
                  brokerIds: [...brokerIds],
                }),
              ) ?? null,
          }),
        ),
        timeoutMs: caller.loop.settings.requestTimeoutMs,
        validateOnly: options.validateOnly ?? false,
      }),
    },
    options,
    (answer, { broker }) => {
      const outcomes = new Map<string, Outcome<void>>()
      for (const { name, errorCode, errorMessage } of answer.results) {
        throwIfNotController(errorCode, broker)
        const details = { message: errorMessage, about: name, broker }
        outcomes.set(name, outcomeOf(errorCode, undefined, details))
      }
      return outcomes
    },
  )
}

export interface DescribeTopicsOptions extends CallOptions {
  includeAuthorizedOperations?: boolean
}

export async function describeTopics(
  caller: Caller,
  topics: readonly string[],
  options: DescribeTopicsOptions = {},
): Promise<Map<string, Outcome<TopicDescription>>> {
  const answer = await metadata(caller, topics, options)
  const outcomes = new Map<string, Outcome<TopicDescription>>()
  for (const topic of answer.topics) {
    const name = topic.name ?? ''
    const details = { about: name }
    outcomes.set(name, outcomeOf(topic.errorCode, descriptionOf(topic), details))
  }
  return outcomes
}

export async function listTopics(
  caller: Caller,
  options: CallOptions & { includeInternal?: boolean } = {},
): Promise<TopicListing[]> {
  const answer = await metadata(caller, null, options)
  return answer.topics
    .filter((topic) => topic.errorCode === ErrorCode.NONE)
    .filter((topic) => options.includeInternal === true || !topic.isInternal)
    .map(({ name, topicId, isInternal, partitions }) => {
      return { topic: name ?? '', topicId, isInternal, partitions: partitions.length }
    })
    .sort((one, other) => (one.topic < other.topic ? -1 : 1))
}

function metadata(
  caller: Caller,
  topics: readonly string[] | null,
  options: DescribeTopicsOptions,
): Promise<MetadataResponse> {
  return caller.call(
    {
      request: MetadataRequest,
      response: MetadataResponse,
      target: 'any',
      // From version 4 on, looking does not create.
      minVersion: 4,
      build: (version) => ({
        topics: topics?.map((name) => createMetadataRequestTopic({ name })) ?? null,
        allowAutoTopicCreation: false,
        includeTopicAuthorizedOperations:
          version >= 8 && options.includeAuthorizedOperations === true,
      }),
    },
    options,
    (answer) => answer,
  )
}

function descriptionOf(topic: MetadataResponseTopic): TopicDescription {
  return {
    topic: topic.name ?? '',
    topicId: topic.topicId,
    isInternal: topic.isInternal,
    partitions: topic.partitions
      .map((partition) => ({
        partition: partition.partitionIndex,
        leader: partition.leaderId,
        leaderEpoch: partition.leaderEpoch,
        replicas: partition.replicaNodes,
        isr: partition.isrNodes,
        offlineReplicas: partition.offlineReplicas,
      }))
      .sort((one, other) => one.partition - other.partition),
    authorizedOperations: operationsOf(topic.topicAuthorizedOperations),
  }
}

/** The whole call goes to another broker then. */
export function throwIfNotController(errorCode: number, broker: string): void {
  if (errorCode === ErrorCode.NOT_CONTROLLER) throw brokerError(errorCode, { broker })
}

export function outcomeOf<T>(
  errorCode: number,
  value: T,
  details: { message?: string | null; about?: string | null; broker?: string },
): Outcome<T> {
  if (errorCode === ErrorCode.NONE) return { value, error: null }
  return { value: null, error: brokerError(errorCode, details) }
}

/** The only value, or its error thrown. */
export function single<T>(outcomes: ReadonlyMap<unknown, Outcome<T>>): T {
  const [outcome] = outcomes.values()
  if (outcome === undefined) {
    throw new ClientError('BARNABAS_FAILED', 'the broker did not answer for what was asked')
  }
  if (outcome.error !== null) throw outcome.error
  return outcome.value
}

/** All values, or the first error thrown. */
export function allOf<K, T>(outcomes: ReadonlyMap<K, Outcome<T>>): Map<K, T> {
  const values = new Map<K, T>()
  for (const [key, outcome] of outcomes) {
    if (outcome.error !== null) throw outcome.error
    values.set(key, outcome.value)
  }
  return values
}
