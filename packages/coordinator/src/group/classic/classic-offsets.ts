/** What a classic group has to say about its offsets. */
import { ApiError } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import type { OffsetAndMetadata } from '../offsets/offset-and-metadata.ts'
import type { Committer, OffsetRules } from '../offsets/offset-rules.ts'
import type { ClassicGroup } from './classic-group.ts'
import { validateMember } from './classic-rebalance.ts'

export function classicOffsetRules(group: ClassicGroup): OffsetRules {
  return {
    validateCommit: (committer) => {
      validateCommit(group, committer)
      return null
    },
    validateFetch: () => {},
    validateDelete: () => validateDelete(group),
    isSubscribedTo: (topic) => group.subscribedTopics()?.has(topic) ?? false,
    expiryBase: () => expiryBase(group),
  }
}

function validateCommit(group: ClassicGroup, committer: Committer): void {
  const { memberId, groupInstanceId, generationId, transactional } = committer
  // An administrator, or a consumer that manages its partitions itself.
  if (generationId < 0 && group.state === 'Empty') return
  if (generationId >= 0 || memberId !== '' || groupInstanceId !== null) {
    validateMember(group, memberId, groupInstanceId)
    if (generationId !== group.generationId) throw new ApiError(ErrorCode.ILLEGAL_GENERATION)
  } else if (!transactional && group.state !== 'Empty') {
    throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID)
  }
  // The member knows of the new generation, but not of its partitions in it.
  if (!transactional && group.state === 'CompletingRebalance') {
    throw new ApiError(ErrorCode.REBALANCE_IN_PROGRESS)
  }
}

function validateDelete(group: ClassicGroup): void {
  // Whether members of other protocols use an offset cannot be known.
  if (group.state !== 'Empty' && group.protocolType !== 'consumer') {
    throw new ApiError(ErrorCode.NON_EMPTY_GROUP)
  }
}

function expiryBase(group: ClassicGroup): ((offset: OffsetAndMetadata) => number) | null {
  const sinceCommit = (offset: OffsetAndMetadata) => offset.commitTimestampMs
  if (group.protocolType === null) return sinceCommit
  const { stateSinceMs } = group
  if (group.state === 'Empty') return stateSinceMs === -1 ? sinceCommit : () => stateSinceMs
  // Offsets of topics that nobody reads any more.
  if (group.state === 'Stable' && group.subscribedTopics() !== null) return sinceCommit
  return null
}
