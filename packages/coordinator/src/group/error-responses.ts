/** Responses that say of everything asked for that it failed. */
import {
  createLeaveGroupResponse,
  createLeaveGroupResponseMemberResponse,
  createOffsetCommitResponse,
  createOffsetCommitResponsePartition,
  createOffsetCommitResponseTopic,
  createOffsetFetchResponse,
  createOffsetFetchResponsePartition,
  createOffsetFetchResponseTopic,
  createTxnOffsetCommitResponse,
  createTxnOffsetCommitResponsePartition,
  createTxnOffsetCommitResponseTopic,
  type LeaveGroupRequest,
  type LeaveGroupResponse,
  type OffsetCommitRequest,
  type OffsetCommitResponse,
  type OffsetFetchRequest,
  type OffsetFetchResponse,
  type OffsetFetchResponseGroup,
  type TxnOffsetCommitRequest,
  type TxnOffsetCommitResponse,
} from '@barnabas/protocol'

export function failedLeave(request: LeaveGroupRequest, errorCode: number): LeaveGroupResponse {
  const members = request.members.map(({ memberId, groupInstanceId }) =>
    createLeaveGroupResponseMemberResponse({ memberId, groupInstanceId, errorCode }),
  )
  return createLeaveGroupResponse({ members })
}

export function failedCommit(
  request: OffsetCommitRequest,
  errorCode: number,
): OffsetCommitResponse {
  const topics = request.topics.map(({ name, topicId, partitions }) =>
    createOffsetCommitResponseTopic({
      name,
      topicId,
      partitions: partitions.map(({ partitionIndex }) =>
        createOffsetCommitResponsePartition({ partitionIndex, errorCode }),
      ),
    }),
  )
  return createOffsetCommitResponse({ topics })
}

export function failedTransactionalCommit(
  request: TxnOffsetCommitRequest,
  errorCode: number,
): TxnOffsetCommitResponse {
  const topics = request.topics.map(({ name, partitions }) =>
    createTxnOffsetCommitResponseTopic({
      name,
      partitions: partitions.map(({ partitionIndex }) =>
        createTxnOffsetCommitResponsePartition({ partitionIndex, errorCode }),
      ),
    }),
  )
  return createTxnOffsetCommitResponse({ topics })
}

/** Versions that know only one group have its answer at the top; the oldest have errors in partitions alone. */
export function singleGroupFetch(
  request: OffsetFetchRequest,
  apiVersion: number,
  { errorCode, topics }: OffsetFetchResponseGroup,
): OffsetFetchResponse {
  if (errorCode !== 0 && apiVersion < 2) return failedOldFetch(request, errorCode)
  return createOffsetFetchResponse({
    errorCode,
    topics: topics.map(({ name, partitions }) =>
      createOffsetFetchResponseTopic({
        name,
        partitions: partitions.map((partition) => createOffsetFetchResponsePartition(partition)),
      }),
    ),
  })
}

function failedOldFetch(request: OffsetFetchRequest, errorCode: number): OffsetFetchResponse {
  const topics = (request.topics ?? []).map(({ name, partitionIndexes }) =>
    createOffsetFetchResponseTopic({
      name,
      partitions: partitionIndexes.map((partitionIndex) =>
        createOffsetFetchResponsePartition({
          partitionIndex,
          committedOffset: -1,
          metadata: '',
          errorCode,
        }),
      ),
    }),
  )
  return createOffsetFetchResponse({ topics })
}
