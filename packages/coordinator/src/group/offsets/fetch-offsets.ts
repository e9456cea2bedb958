/** OffsetFetch, in the shape of its newer versions: one group at a time. */
import { ApiError } from '@barnabas/base'
import {
  createOffsetFetchResponseGroup,
  createOffsetFetchResponsePartitions,
  createOffsetFetchResponseTopics,
  ErrorCode,
  type OffsetFetchRequestGroup,
  type OffsetFetchResponseGroup,
  type OffsetFetchResponsePartitions,
} from '@barnabas/protocol'
import { offsetRulesOf, type GroupRegistry } from '../group-registry.ts'
import type { OffsetAndMetadata } from './offset-and-metadata.ts'
import type { OffsetStore } from './offset-store.ts'

/** Reads the state of this moment instead of that of an offset. */
export const NEWEST = Number.POSITIVE_INFINITY

/** The offsets of one group as of the committed `offset`. A group that is not there has none. */
export function fetchOffsets(
  groups: GroupRegistry,
  store: OffsetStore,
  request: OffsetFetchRequestGroup,
  requireStable: boolean,
  offset: number,
): OffsetFetchResponseGroup {
  const { groupId, memberId, memberEpoch, topics } = request
  const group = groups.getAt(groupId, offset)
  try {
    if (group !== undefined) offsetRulesOf(group).validateFetch(memberId, memberEpoch, offset)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return createOffsetFetchResponseGroup({ groupId, errorCode: error.errorCode })
  }
  const answer = (topic: string, partition: number, value: OffsetAndMetadata | undefined) =>
    requireStable && store.hasPendingAt(groupId, topic, partition, offset)
      ? unstable(partition)
      : partitionOffset(partition, value)
  if (topics === null) return fetchAll(store, groupId, offset, answer)
  const fetched = topics.map(({ name, topicId, partitionIndexes }) =>
    createOffsetFetchResponseTopics({
      name,
      topicId,
      partitions: partitionIndexes.map((partition) =>
        answer(name, partition, store.committed.getAt(groupId, name, partition, offset)),
      ),
    }),
  )
  return createOffsetFetchResponseGroup({ groupId, topics: fetched })
}

type Answer = (
  topic: string,
  partition: number,
  value: OffsetAndMetadata | undefined,
) => OffsetFetchResponsePartitions

function fetchAll(
  store: OffsetStore,
  groupId: string,
  offset: number,
  answer: Answer,
): OffsetFetchResponseGroup {
  const topics = store.committed.topicsAt(groupId, offset)
  const fetched = []
  for (const [name, partitions] of topics?.entriesAt(offset) ?? []) {
    const answers = []
    for (const [partition, value] of partitions.entriesAt(offset)) {
      answers.push(answer(name, partition, value))
    }
    fetched.push(createOffsetFetchResponseTopics({ name, partitions: answers }))
  }
  return createOffsetFetchResponseGroup({ groupId, topics: fetched })
}

function partitionOffset(
  partitionIndex: number,
  value: OffsetAndMetadata | undefined,
): OffsetFetchResponsePartitions {
  return createOffsetFetchResponsePartitions({
    partitionIndex,
    committedOffset: value?.committedOffset ?? -1,
    committedLeaderEpoch: value?.leaderEpoch ?? -1,
    metadata: value?.metadata ?? '',
  })
}

function unstable(partitionIndex: number): OffsetFetchResponsePartitions {
  return createOffsetFetchResponsePartitions({
    partitionIndex,
    committedOffset: -1,
    committedLeaderEpoch: -1,
    metadata: '',
    errorCode: ErrorCode.UNSTABLE_OFFSET_COMMIT,
  })
}
