/**
 * OffsetCommit and TxnOffsetCommit. The latter's records are written in the producer's transaction; whether
 * the generation still stands is checked all the same, so that a zombie cannot commit (KIP-447).
 */
import { ApiError } from '@barnabas/base'
import {
  createOffsetCommitResponse,
  createOffsetCommitResponsePartition,
  createOffsetCommitResponseTopic,
  createTxnOffsetCommitResponse,
  createTxnOffsetCommitResponsePartition,
  createTxnOffsetCommitResponseTopic,
  ErrorCode,
  ZERO_UUID,
  type OffsetCommitRequest,
  type OffsetCommitResponse,
  type TxnOffsetCommitRequest,
  type TxnOffsetCommitResponse,
  type Uuid,
} from '@barnabas/protocol'
import type { MetadataView } from '../../runtime/metadata-view.ts'
import { keepAlive } from '../classic/classic-rebalance.ts'
import type { RequestInfo, Turn } from '../group-kinds.ts'
import { offsetRulesOf, type Group, type GroupRegistry } from '../group-registry.ts'
import { offsetRecord } from './offset-and-metadata.ts'
import type { Committer, PartitionRule } from './offset-rules.ts'

/** From this version on clients know of epochs, and of groups that are not there. */
const MEMBER_EPOCH_VERSION = 9
const NO_RETENTION = -1

interface CommittedPartition {
  readonly partitionIndex: number
  readonly committedOffset: number
  readonly committedLeaderEpoch: number
  readonly committedMetadata: string | null
}

export function commitOffsets(
  turn: Turn,
  groups: GroupRegistry,
  request: OffsetCommitRequest,
  { apiVersion }: RequestInfo,
): OffsetCommitResponse {
  const { groupId, memberId, groupInstanceId, retentionTimeMs } = request
  const generationId = request.generationIdOrMemberEpoch
  const committer = { memberId, groupInstanceId, generationId, transactional: false, apiVersion }
  const unknown =
    apiVersion >= MEMBER_EPOCH_VERSION ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.ILLEGAL_GENERATION
  const group = groups.get(groupId)
  const rule = validateCommit(group, committer, unknown)
  keepCommitterAlive(turn, group, memberId)
  const expireTimestampMs = retentionTimeMs === NO_RETENTION ? -1 : turn.nowMs + retentionTimeMs
  const topics = request.topics.map(({ name, topicId, partitions }) =>
    createOffsetCommitResponseTopic({
      name,
      topicId,
      partitions: partitions.map((partition) =>
        createOffsetCommitResponsePartition({
          partitionIndex: partition.partitionIndex,
          errorCode: commit(turn, groupId, { name, topicId }, partition, rule, expireTimestampMs),
        }),
      ),
    }),
  )
  return createOffsetCommitResponse({ topics })
}

export function commitTransactionalOffsets(
  turn: Turn,
  groups: GroupRegistry,
  metadata: MetadataView,
  request: TxnOffsetCommitRequest,
  { apiVersion }: RequestInfo,
): TxnOffsetCommitResponse {
  const { groupId, memberId, groupInstanceId, generationId } = request
  const committer = { memberId, groupInstanceId, generationId, transactional: true, apiVersion }
  const rule = validateCommit(groups.get(groupId), committer, ErrorCode.ILLEGAL_GENERATION)
  const topics = request.topics.map(({ name, partitions }) => {
    const topicId = metadata.topic(name)?.id ?? ZERO_UUID
    for (const { partitionIndex } of partitions) rule?.(topicId, partitionIndex)
    return createTxnOffsetCommitResponseTopic({
      name,
      partitions: partitions.map((partition) =>
        createTxnOffsetCommitResponsePartition({
          partitionIndex: partition.partitionIndex,
          errorCode: commit(turn, groupId, { name, topicId: ZERO_UUID }, partition, null, -1),
        }),
      ),
    })
  })
  return createTxnOffsetCommitResponse({ topics })
}

/** Who is in no group may commit to one that is not there, and makes it by that. */
function validateCommit(
  group: Group | undefined,
  committer: Committer,
  unknownGroupError: number,
): PartitionRule | null {
  if (group !== undefined) return offsetRulesOf(group).validateCommit(committer)
  if (committer.generationId >= 0) throw new ApiError(unknownGroupError)
  return null
}

function keepCommitterAlive(turn: Turn, group: Group | undefined, memberId: string): void {
  if (group?.type !== 'classic') return
  if (group.state !== 'Stable' && group.state !== 'PreparingRebalance') return
  const member = group.member(memberId)
  if (member !== undefined) keepAlive(turn, group, member)
}

function commit(
  turn: Turn,
  groupId: string,
  { name, topicId }: { name: string; topicId: Uuid },
  partition: CommittedPartition,
  rule: PartitionRule | null,
  expireTimestampMs: number,
): number {
  const { partitionIndex, committedOffset, committedLeaderEpoch } = partition
  rule?.(topicId, partitionIndex)
  const metadata = partition.committedMetadata ?? ''
  if (metadata.length > turn.config.offsetMetadataMaxBytes) {
    return ErrorCode.OFFSET_METADATA_TOO_LARGE
  }
  const record = offsetRecord(groupId, name, partitionIndex, {
    committedOffset,
    leaderEpoch: committedLeaderEpoch,
    metadata,
    commitTimestampMs: turn.nowMs,
    expireTimestampMs,
    topicId,
  })
  turn.out.append(record)
  return ErrorCode.NONE
}
