/**
 * Topics in requests about offsets: named by name or, in newer versions, by id; there or not; the client may
 * know of them or not. What the coordinator must not touch is answered here, the rest goes to the shard,
 * and the two answers are put together in the order of the request.
 */
import {
  createOffsetCommitResponse,
  createOffsetCommitResponsePartition,
  createOffsetCommitResponseTopic,
  createOffsetDeleteResponse,
  createOffsetDeleteResponsePartition,
  createOffsetDeleteResponseTopic,
  createOffsetFetchResponsePartitions,
  createOffsetFetchResponseTopics,
  createTxnOffsetCommitResponse,
  createTxnOffsetCommitResponsePartition,
  createTxnOffsetCommitResponseTopic,
  ErrorCode,
  ZERO_UUID,
  type OffsetCommitRequest,
  type OffsetCommitResponse,
  type OffsetDeleteRequest,
  type OffsetDeleteResponse,
  type OffsetFetchRequestGroup,
  type OffsetFetchResponseGroup,
  type TxnOffsetCommitRequest,
  type TxnOffsetCommitResponse,
  type Uuid,
} from '@barnabas/protocol'
import type { MetadataView } from '../../runtime/metadata-view.ts'

export interface TopicAccess {
  readonly metadata: MetadataView
  isAllowed(topic: string): boolean
}

interface NamedTopic {
  readonly name: string
  readonly topicId?: Uuid
}

interface Verdict {
  readonly name: string
  readonly topicId: Uuid
  readonly partitionCount: number
  readonly errorCode: number
}

function judge({ metadata, isAllowed }: TopicAccess, topic: NamedTopic): Verdict {
  const { name, topicId = ZERO_UUID } = topic
  const byId = topicId !== ZERO_UUID
  const view = byId ? metadata.topicById(topicId) : metadata.topic(name)
  const known = { name: view?.name ?? name, topicId: view?.id ?? topicId }
  const partitionCount = view?.partitionCount ?? 0
  let errorCode: number = ErrorCode.NONE
  if (byId && view === undefined) errorCode = ErrorCode.UNKNOWN_TOPIC_ID
  else if (!isAllowed(known.name)) errorCode = ErrorCode.TOPIC_AUTHORIZATION_FAILED
  else if (view === undefined) errorCode = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  return { ...known, partitionCount, errorCode }
}

interface PartitionError {
  readonly partitionIndex: number
  readonly errorCode: number
}

interface Topic<P> extends NamedTopic {
  readonly partitions: readonly P[]
}

/** The part of the request the shard may see, and how to answer all of it once that is answered. */
interface Split<T> {
  readonly allowed: T[]
  merge(answered: readonly { partitions: readonly PartitionError[] }[]): PartitionError[][]
}

function split<P extends { partitionIndex: number }, T extends Topic<P>>(
  access: TopicAccess,
  topics: readonly T[],
): Split<T> {
  const verdicts = topics.map((topic) => judge(access, topic))
  const isRefused = ({ errorCode, partitionCount }: Verdict, { partitionIndex }: P) =>
    errorCode !== ErrorCode.NONE || partitionIndex < 0 || partitionIndex >= partitionCount
  const allowed: T[] = []
  const places = topics.map((topic, n) => {
    const verdict = verdicts[n]!
    const partitions = topic.partitions.filter((partition) => !isRefused(verdict, partition))
    if (partitions.length === 0) return -1
    const { name, topicId } = verdict
    return allowed.push({ ...topic, name, topicId, partitions }) - 1
  })
  const merge: Split<T>['merge'] = (answered) =>
    topics.map((topic, n) => {
      const verdict = verdicts[n]!
      const errorCode = verdict.errorCode || ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
      const answers = (answered[places[n]!]?.partitions ?? []).values()
      return topic.partitions.map((partition) => {
        const { partitionIndex } = partition
        if (isRefused(verdict, partition)) return { partitionIndex, errorCode }
        return answers.next().value ?? { partitionIndex, errorCode: ErrorCode.NONE }
      })
    })
  return { allowed, merge }
}

export async function withCommitAccess(
  access: TopicAccess,
  request: OffsetCommitRequest,
  commit: (allowed: OffsetCommitRequest) => Promise<OffsetCommitResponse>,
): Promise<OffsetCommitResponse> {
  const { allowed, merge } = split(access, request.topics)
  const answered = allowed.length === 0 ? null : await commit({ ...request, topics: allowed })
  const errors = merge(answered?.topics ?? [])
  const topics = request.topics.map(({ name, topicId }, n) => {
    const partitions = errors[n]!.map((error) => createOffsetCommitResponsePartition(error))
    return createOffsetCommitResponseTopic({ name, topicId, partitions })
  })
  return createOffsetCommitResponse({ topics })
}

export async function withTransactionalCommitAccess(
  access: TopicAccess,
  request: TxnOffsetCommitRequest,
  commit: (allowed: TxnOffsetCommitRequest) => Promise<TxnOffsetCommitResponse>,
): Promise<TxnOffsetCommitResponse> {
  const { allowed, merge } = split(access, request.topics)
  const answered = allowed.length === 0 ? null : await commit({ ...request, topics: allowed })
  const errors = merge(answered?.topics ?? [])
  const topics = request.topics.map(({ name }, n) => {
    const partitions = errors[n]!.map((error) => createTxnOffsetCommitResponsePartition(error))
    return createTxnOffsetCommitResponseTopic({ name, partitions })
  })
  return createTxnOffsetCommitResponse({ topics })
}

/** A group that cannot be asked has one error for all; then nothing is said of topics. */
export async function withDeleteAccess(
  access: TopicAccess,
  request: OffsetDeleteRequest,
  deleteOffsets: (allowed: OffsetDeleteRequest) => Promise<OffsetDeleteResponse>,
): Promise<OffsetDeleteResponse> {
  const { allowed, merge } = split(access, request.topics)
  const answered =
    allowed.length === 0 ? null : await deleteOffsets({ ...request, topics: allowed })
  if (answered !== null && answered.errorCode !== ErrorCode.NONE) return answered
  const errors = merge(answered?.topics ?? [])
  const topics = request.topics.map(({ name }, n) => {
    const partitions = errors[n]!.map((error) => createOffsetDeleteResponsePartition(error))
    return createOffsetDeleteResponseTopic({ name, partitions })
  })
  return createOffsetDeleteResponse({ topics })
}

/** Offsets of topics that are gone can still be fetched by name; who asks for all does not hear of refusals. */
export async function withFetchAccess(
  access: TopicAccess,
  group: OffsetFetchRequestGroup,
  byId: boolean,
  fetch: (allowed: OffsetFetchRequestGroup) => Promise<OffsetFetchResponseGroup>,
): Promise<OffsetFetchResponseGroup> {
  if (group.topics === null) return visibleTopics(access, byId, await fetch(group))
  const verdicts = group.topics.map((topic) => {
    const verdict = judge(access, topic)
    const gone = verdict.errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    return gone ? { ...verdict, errorCode: ErrorCode.NONE } : verdict
  })
  const allowed = group.topics.flatMap((topic, n) => {
    const { name, errorCode } = verdicts[n]!
    return errorCode === ErrorCode.NONE ? [{ ...topic, name }] : []
  })
  const answered = await fetch({ ...group, topics: allowed })
  if (answered.errorCode !== ErrorCode.NONE) return answered
  const answers = answered.topics.values()
  const topics = group.topics.map(({ name, topicId, partitionIndexes }, n) => {
    const { errorCode } = verdicts[n]!
    const answer = errorCode === ErrorCode.NONE ? answers.next().value : undefined
    const partitions =
      answer?.partitions ?? partitionIndexes.map((index) => refusedPartition(index, errorCode))
    return createOffsetFetchResponseTopics({ name, topicId, partitions })
  })
  return { ...answered, topics }
}

function visibleTopics(
  { metadata, isAllowed }: TopicAccess,
  byId: boolean,
  answered: OffsetFetchResponseGroup,
): OffsetFetchResponseGroup {
  const topics = answered.topics.flatMap((topic) => {
    if (!isAllowed(topic.name)) return []
    if (!byId) return [topic]
    const topicId = metadata.topic(topic.name)?.id
    return topicId === undefined ? [] : [{ ...topic, topicId }]
  })
  return { ...answered, topics }
}

function refusedPartition(partitionIndex: number, errorCode: number) {
  return createOffsetFetchResponsePartitions({
    partitionIndex,
    committedOffset: -1,
    committedLeaderEpoch: -1,
    metadata: '',
    errorCode,
  })
}
