/** How offsets end: deleted by an administrator, with their group or topic, or expired. */
import { ApiError } from '@barnabas/base'
import {
  createOffsetDeleteResponse,
  createOffsetDeleteResponsePartition,
  createOffsetDeleteResponseTopic,
  ErrorCode,
  type OffsetDeleteRequest,
  type OffsetDeleteRequestTopic,
  type OffsetDeleteResponse,
} from '@barnabas/protocol'
import type { Turn } from '../group-kinds.ts'
import { offsetRulesOf, type Group, type GroupRegistry } from '../group-registry.ts'
import { offsetTombstone, type OffsetAndMetadata } from './offset-and-metadata.ts'
import type { OffsetStore } from './offset-store.ts'

export function deleteOffsets(
  turn: Turn,
  groups: GroupRegistry,
  store: OffsetStore,
  request: OffsetDeleteRequest,
): OffsetDeleteResponse {
  const { groupId } = request
  const group = groups.get(groupId)
  if (group === undefined) throw new ApiError(ErrorCode.GROUP_ID_NOT_FOUND)
  const rules = offsetRulesOf(group)
  rules.validateDelete()
  const deleteOne = (topic: string, partition: number): number => {
    if (rules.isSubscribedTo(topic)) return ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC
    const known = store.committed.get(groupId, topic, partition) !== undefined
    if (known || store.hasPending(groupId, topic, partition)) {
      turn.out.append(offsetTombstone(groupId, topic, partition))
    }
    return ErrorCode.NONE
  }
  const topics = request.topics.map(({ name, partitions }: OffsetDeleteRequestTopic) =>
    createOffsetDeleteResponseTopic({
      name,
      partitions: partitions.map(({ partitionIndex }) =>
        createOffsetDeleteResponsePartition({
          partitionIndex,
          errorCode: deleteOne(name, partitionIndex),
        }),
      ),
    }),
  )
  return createOffsetDeleteResponse({ topics })
}

/** Everything a group has committed or is about to. */
export function deleteAllOffsets(turn: Turn, store: OffsetStore, groupId: string): void {
  for (const { topic, partition } of store.partitionsOf(groupId)) {
    turn.out.append(offsetTombstone(groupId, topic, partition))
  }
}

/** The offsets of topics that are no more, in all groups. */
export function deleteTopicOffsets(
  turn: Turn,
  store: OffsetStore,
  deletedTopics: ReadonlySet<string>,
): void {
  for (const groupId of store.groupIds()) {
    for (const { topic, partition } of store.partitionsOf(groupId)) {
      if (deletedTopics.has(topic)) turn.out.append(offsetTombstone(groupId, topic, partition))
    }
  }
}

/** Drops the offsets of a group whose time is over. True when the group has none left. */
export function expireOffsets(turn: Turn, store: OffsetStore, group: Group): boolean {
  const { groupId } = group
  const topics = store.committed.topics(groupId)
  if (topics === undefined) return !store.hasAnyPending(groupId)
  const rules = offsetRulesOf(group)
  const base = rules.expiryBase()
  if (base === null) return false
  let allExpired = true
  for (const [topic, partitions] of topics) {
    const subscribed = rules.isSubscribedTo(topic)
    for (const [partition, offset] of partitions) {
      const held = subscribed || store.hasPending(groupId, topic, partition)
      if (!held && isExpired(turn, offset, base)) {
        turn.out.append(offsetTombstone(groupId, topic, partition))
      } else allExpired = false
    }
  }
  return allExpired && !store.hasAnyPending(groupId)
}

function isExpired(
  turn: Turn,
  offset: OffsetAndMetadata,
  base: (offset: OffsetAndMetadata) => number,
): boolean {
  if (offset.expireTimestampMs !== -1) return turn.nowMs >= offset.expireTimestampMs
  return turn.nowMs - base(offset) >= turn.config.offsetsRetentionMs
}
