/** What a consumer group has to say about its offsets. */
import { ApiError } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import type { Committer, OffsetRules, PartitionRule } from '../../offsets/offset-rules.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerMember } from './consumer-member.ts'
import { epochOf } from './owned-partitions.ts'

/** From this version on a commit carries a member epoch. */
const MEMBER_EPOCH_VERSION = 9

export function consumerOffsetRules(group: ConsumerGroup): OffsetRules {
  return {
    validateCommit: (committer) => validateCommit(group, committer),
    validateFetch: (memberId, epoch, offset) => validateFetch(group, memberId, epoch, offset),
    validateDelete: () => {},
    isSubscribedTo: (topic) => group.isSubscribedTo(topic),
    expiryBase: () => (offset) => offset.commitTimestampMs,
  }
}

function validateCommit(group: ConsumerGroup, committer: Committer): PartitionRule | null {
  const { memberId, groupInstanceId, generationId, transactional, apiVersion } = committer
  if (generationId < 0 && group.size === 0) return null
  // A transactional producer that knows nothing of groups.
  const anonymous = generationId === -1 && memberId === '' && groupInstanceId === null
  if (transactional && anonymous) return null
  const member = group.member(memberId)
  if (member === undefined) throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID)
  if (!transactional && member.classic === null && apiVersion < MEMBER_EPOCH_VERSION) {
    throw new ApiError(ErrorCode.UNSUPPORTED_VERSION)
  }
  if (generationId === member.memberEpoch) return null
  if (generationId > member.memberEpoch) throw stale(member, transactional)
  return (topicId, partition) => {
    const since =
      epochOf(member.assigned, topicId, partition) ??
      epochOf(member.pendingRevocation, topicId, partition)
    // It was sent in an earlier epoch, in which the member had the partition already.
    if (since === null || generationId < since) throw stale(member, transactional)
  }
}

/** What was right when it was sent need not be so any more; in a transaction that is the same as fenced. */
function stale({ classic }: ConsumerMember, transactional: boolean): ApiError {
  const code = ErrorCode.STALE_MEMBER_EPOCH
  return new ApiError(classic !== null || transactional ? ErrorCode.ILLEGAL_GENERATION : code)
}

function validateFetch(
  group: ConsumerGroup,
  memberId: string | null,
  memberEpoch: number,
  offset: number,
): void {
  if (memberId === null && memberEpoch < 0) return
  const member = memberId === null ? undefined : group.memberAt(memberId, offset)
  if (member === undefined) throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID)
  if (member.memberEpoch !== memberEpoch) throw stale(member, false)
}
