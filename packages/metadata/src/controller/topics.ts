/**
 * Creation and deletion of topics. Every topic of a request is judged by itself; the records of those
 * that pass go into one batch, so that they come into being together.
 */
import { randomUuid } from '@barnabas/base'
import {
  type CreateTopicsRequest,
  type CreateTopicsRequestCreatableTopic,
  CreateTopicsResponse,
  type CreateTopicsResponseCreatableTopicResult,
  createCreateTopicsResponseCreatableTopicResult,
  type DeleteTopicsRequest,
  type DeleteTopicsRequestDeleteTopicState,
  DeleteTopicsResponse,
  type DeleteTopicsResponseDeletableTopicResult,
  createDeleteTopicsResponseDeletableTopicResult,
  ErrorCode,
  ZERO_UUID,
} from '@barnabas/protocol'
import type { ConfigTexts } from '../configs/config-view.ts'
import { describeCreatedTopic } from '../configs/describe.ts'
import { validateTopicConfig } from '../configs/topic-config.ts'
import { metadataLevel, ResourceType, type TopicImage } from '../image/cluster-image.ts'
import { configRecord, partitionRecord } from '../image/image-records.ts'
import { type MetadataRecord, metadataRecord } from '../records/metadata-record.ts'
import { type ControllerContext, isElrEnabled } from './context.ts'
import { grouped } from './grouped.ts'
import {
  checkManualAssignment,
  checkReplicationFactor,
  newPartition,
  placeNewPartitions,
} from './new-partitions.ts'
import { apiError, checkRecordCount, type Outcome, partOf } from './outcome.ts'
import { enforce } from './policies.ts'
import { shuffled } from './shuffled.ts'
import { checkNewTopicName, CLUSTER_METADATA_TOPIC } from './topic-names.ts'

/** What the asking principal may do, and what its quota allows. All is allowed when absent. */
export interface TopicAccess {
  mayCreate?(topicName: string): boolean
  mayDelete?(topicName: string): boolean
  mayDescribe?(topicName: string): boolean
  mayDescribeConfigs?(topicName: string): boolean
  /** Throws THROTTLING_QUOTA_EXCEEDED when so many more partitions are too many for now. */
  chargePartitions?(count: number): void
}

type NewTopic = CreateTopicsRequestCreatableTopic
type Created = CreateTopicsResponseCreatableTopicResult

export function createTopics(
  context: ControllerContext,
  request: CreateTopicsRequest,
  access: TopicAccess = {},
): Outcome<CreateTopicsResponse> {
  const records: MetadataRecord[] = []
  const topics: Created[] = []
  for (const [name, given] of grouped(request.topics, (topic) => topic.name)) {
    let created: Created | null = null
    const error = partOf(records, () => {
      if (given.length > 1) throw apiError(ErrorCode.INVALID_REQUEST, 'Duplicate topic name.')
      created = createTopic(context, given[0]!, access, records)
    })
    topics.push(created ?? createCreateTopicsResponseCreatableTopicResult({ name, ...error }))
  }
  checkRecordCount(records)
  return {
    records: request.validateOnly ? [] : records,
    response: CreateTopicsResponse.create({ topics }),
  }
}

function createTopic(
  context: ControllerContext,
  topic: NewTopic,
  access: TopicAccess,
  records: MetadataRecord[],
): Created {
  const { image } = context
  const { name } = topic
  if (name === CLUSTER_METADATA_TOPIC) {
    throw apiError(ErrorCode.INVALID_REQUEST, `Creation of internal topic ${name} is prohibited.`)
  }
  if (access.mayCreate?.(name) === false) throw apiError(ErrorCode.TOPIC_AUTHORIZATION_FAILED)
  if (image.topics.byName.has(name)) {
    throw apiError(ErrorCode.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`)
  }
  checkNewTopicName(image, name)
  const configs = newTopicConfigs(topic)
  validateTopicConfig(configs, { broker: context.config })
  const placements = replicasOf(context, topic)
  const isAssigned = topic.assignments.length > 0
  enforce(context.policies?.createTopic?.({ name, replicas: placements, isAssigned, configs }))
  access.chargePartitions?.(placements.length)

  const topicId = randomUuid(context.entropy)
  records.push(metadataRecord('TopicRecord', 0, { name, topicId }))
  for (const [key, value] of configs) {
    records.push(configRecord(ResourceType.TOPIC, name, key, value))
  }
  if (configs.has('min.insync.replicas') && isElrEnabled(image)) {
    records.push(metadataRecord('ClearElrRecord', 0, { topicName: name }))
  }
  placements.forEach((replicas, id) => {
    const partition = newPartition(image, replicas)
    records.push(partitionRecord(topicId, id, partition, metadataLevel(image)))
  })
  return createdTopic(context, topic, topicId, placements, configs, access)
}

/** The settings of a new topic. Throws when one is null. */
function newTopicConfigs(topic: NewTopic): ConfigTexts {
  const unset = topic.configs.filter((config) => config.value === null)
  if (unset.length > 0) {
    const names = unset.map((config) => config.name).join(',')
    throw apiError(ErrorCode.INVALID_CONFIG, `Null value not supported for topic configs: ${names}`)
  }
  return new Map(topic.configs.map((config) => [config.name, config.value!]))
}

/** The replicas of each new partition: those given, or placed by the rules. */
function replicasOf(context: ControllerContext, topic: NewTopic): readonly (readonly number[])[] {
  if (topic.assignments.length > 0) return assignedReplicas(context, topic)
  checkReplicationFactor(topic.replicationFactor)
  const partitions = topic.numPartitions
  if (partitions < -1 || partitions === 0) {
    throw apiError(
      ErrorCode.INVALID_PARTITIONS,
      'Number of partitions must be larger than 0, or -1 for the default.',
    )
  }
  const { config } = context
  return placeNewPartitions(
    context,
    partitions === -1 ? config.get('num.partitions') : partitions,
    topic.replicationFactor === -1
      ? config.get('default.replication.factor')
      : topic.replicationFactor,
  )
}

function assignedReplicas(
  context: ControllerContext,
  topic: NewTopic,
): readonly (readonly number[])[] {
  if (topic.replicationFactor !== -1) {
    throw apiError(
      ErrorCode.INVALID_REQUEST,
      'A manual partition assignment was specified, but replication factor was not set to -1.',
    )
  }
  if (topic.numPartitions !== -1) {
    throw apiError(
      ErrorCode.INVALID_REQUEST,
      'A manual partition assignment was specified, but numPartitions was not set to -1.',
    )
  }
  const replicas: (readonly number[])[] = []
  let replicationFactor: number | null = null
  for (const { partitionIndex, brokerIds } of topic.assignments) {
    if (replicas[partitionIndex] !== undefined) {
      throw apiError(
        ErrorCode.INVALID_REPLICA_ASSIGNMENT,
        `Found multiple manual partition assignments for partition ${partitionIndex}`,
      )
    }
    checkManualAssignment(context.image, brokerIds, replicationFactor)
    replicationFactor = brokerIds.length
    if (partitionIndex < 0 || partitionIndex >= topic.assignments.length) {
      throw apiError(
        ErrorCode.INVALID_REPLICA_ASSIGNMENT,
        'partitions should be a consecutive 0-based integer sequence',
      )
    }
    replicas[partitionIndex] = brokerIds
  }
  return replicas
}

function createdTopic(
  context: ControllerContext,
  topic: NewTopic,
  topicId: string,
  placements: readonly (readonly number[])[],
  configs: ConfigTexts,
  access: TopicAccess,
): Created {
  const created = createCreateTopicsResponseCreatableTopicResult({ name: topic.name, topicId })
  if (access.mayDescribeConfigs?.(topic.name) === false) {
    created.topicConfigErrorCode = ErrorCode.TOPIC_AUTHORIZATION_FAILED
    return created
  }
  created.numPartitions = placements.length
  created.replicationFactor = placements[0]!.length
  created.configs = describeCreatedTopic(configs, context.config).map((entry) => ({
    name: entry.name,
    value: entry.value,
    readOnly: false,
    configSource: entry.source,
    isSensitive: false,
    unknownTaggedFields: null,
  }))
  return created
}

type Deleted = DeleteTopicsResponseDeletableTopicResult

/** `version` of the request: older ones name topics, newer ones may give ids. */
export function deleteTopics(
  context: ControllerContext,
  request: DeleteTopicsRequest,
  version: number,
  access: TopicAccess = {},
): Outcome<DeleteTopicsResponse> {
  if (!context.config.get('delete.topic.enable')) {
    throw apiError(version < 3 ? ErrorCode.INVALID_REQUEST : ErrorCode.TOPIC_DELETION_DISABLED)
  }
  const wanted: readonly DeleteTopicsRequestDeleteTopicState[] = [
    ...request.topics,
    ...request.topicNames.map((name) => ({ name, topicId: ZERO_UUID, unknownTaggedFields: null })),
  ]
  const times = countTimes(context, wanted)
  const records: MetadataRecord[] = []
  const responses = new Map<string, Deleted>()
  for (const { name, topicId } of wanted) {
    const key = `${name}/${topicId}`
    const result = createDeleteTopicsResponseDeletableTopicResult({ name, topicId })
    const error = partOf(records, () => {
      const topic = topicToDelete(context, result, access)
      if (times.get(topic.id)! > 1) throw apiError(ErrorCode.INVALID_REQUEST, 'Duplicate topic.')
      access.chargePartitions?.(topic.partitions.length)
      records.push(metadataRecord('RemoveTopicRecord', 0, { topicId: topic.id }))
    })
    Object.assign(result, error)
    responses.set(key, result)
  }
  checkRecordCount(records)
  // No order, so that the place of a topic does not tell whether it exists.
  const shuffledResponses = shuffled([...responses.values()], context.entropy)
  return { records, response: DeleteTopicsResponse.create({ responses: shuffledResponses }) }
}

/** How often each topic is named, by whatever name. */
function countTimes(
  { image }: ControllerContext,
  wanted: readonly DeleteTopicsRequestDeleteTopicState[],
): Map<string, number> {
  const times = new Map<string, number>()
  for (const { name, topicId } of wanted) {
    const topic = name === null ? image.topics.byId.get(topicId) : image.topics.byName.get(name)
    if (topic !== undefined) times.set(topic.id, (times.get(topic.id) ?? 0) + 1)
  }
  return times
}

/**
 * The topic, if its asker may delete it. Whether a topic exists is not told to whoever may not even
 * describe it; `result` gets the name and the id that the asker may know.
 */
function topicToDelete(
  { image }: ControllerContext,
  result: Deleted,
  access: TopicAccess,
): TopicImage {
  const { name, topicId } = result
  const byId = topicId !== ZERO_UUID
  if (name !== null && byId) {
    throw apiError(ErrorCode.INVALID_REQUEST, 'You may not specify both topic name and topic id.')
  }
  if (name === null && !byId) {
    throw apiError(ErrorCode.INVALID_REQUEST, 'Neither topic name nor id were specified.')
  }
  const topic = byId ? image.topics.byId.get(topicId) : image.topics.byName.get(name!)
  if (byId && topic === undefined) throw apiError(ErrorCode.UNKNOWN_TOPIC_ID)
  const known = topic?.name ?? name!
  if (access.mayDescribe?.(known) === false) throw apiError(ErrorCode.TOPIC_AUTHORIZATION_FAILED)
  result.name = known
  if (topic === undefined) throw apiError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
  if (access.mayDelete?.(known) === false) throw apiError(ErrorCode.TOPIC_AUTHORIZATION_FAILED)
  result.topicId = topic.id
  return topic
}
