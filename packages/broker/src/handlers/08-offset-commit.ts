/**
 * OffsetCommit, versions 2 to 10: where a group stands. v6 (KIP-320): leader epochs. v7 (KIP-345): static
 * members. v9 (KIP-848): member epochs. v10: topic ids.
 */
import {
  createOffsetCommitResponsePartition,
  createOffsetCommitResponseTopic,
  ErrorCode,
  OffsetCommitRequest,
  OffsetCommitResponse,
} from '@barnabas/protocol'
import { accessOf, type GroupServices, requestInfo } from '../coordinators/group-requests.ts'
import { AclOperation } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export function offsetCommit(services: GroupServices) {
  return handler({
    request: OffsetCommitRequest,
    response: OffsetCommitResponse,
    authorization: 'by-resource',
    handle(context, request) {
      const access = accessOf(services, context)
      if (!access.group(AclOperation.READ, request.groupId)) {
        return failed(request, ErrorCode.GROUP_AUTHORIZATION_FAILED)
      }
      const info = requestInfo(context, access, AclOperation.READ)
      return services.groups().commitOffsets(request, info)
    },
    failure: failed,
  })
}

function failed(request: OffsetCommitRequest, errorCode: number): OffsetCommitResponse {
  return OffsetCommitResponse.create({
    topics: request.topics.map(({ name, topicId, partitions }) =>
      createOffsetCommitResponseTopic({
        name,
        topicId,
        partitions: partitions.map(({ partitionIndex }) =>
          createOffsetCommitResponsePartition({ partitionIndex, errorCode }),
        ),
      }),
    ),
  })
}
