/**
 * OffsetFetch, versions 1 to 10: where groups stand. v2: all topics. v7 (KIP-447): only stable offsets. v8
 * (KIP-709): several groups. v9 (KIP-848): member epochs. v10: topic ids.
 */
import {
  createOffsetFetchResponseGroup,
  createOffsetFetchResponsePartition,
  createOffsetFetchResponseTopic,
  ErrorCode,
  OffsetFetchRequest,
  type OffsetFetchRequestGroup,
  OffsetFetchResponse,
  type OffsetFetchResponseGroup,
} from '@barnabas/protocol'
import { accessOf, type GroupServices, requestInfo } from '../coordinators/group-requests.ts'
import type { RequestContext } from '../request/request-context.ts'
import { AclOperation } from '../security/authorizer.ts'
import { handler } from './handler.ts'

const MANY_GROUPS_SINCE = 8
const GROUP_ERROR_SINCE = 2

export function offsetFetch(services: GroupServices) {
  return handler({
    request: OffsetFetchRequest,
    response: OffsetFetchResponse,
    authorization: 'by-resource',
    handle: (context, request) =>
      context.apiVersion >= MANY_GROUPS_SINCE
        ? fetchMany(services, context, request)
        : fetchOne(services, context, request),
    failure: (request, errorCode) =>
      request.groups.length > 0
        ? OffsetFetchResponse.create({
            groups: request.groups.map(({ groupId }) => failedGroup(groupId, errorCode)),
          })
        : failedOne(request, errorCode, GROUP_ERROR_SINCE),
  })
}

function fetchOne(
  services: GroupServices,
  context: RequestContext,
  request: OffsetFetchRequest,
): OffsetFetchResponse | Promise<OffsetFetchResponse> {
  const access = accessOf(services, context)
  if (!access.group(AclOperation.DESCRIBE, request.groupId)) {
    return failedOne(request, ErrorCode.GROUP_AUTHORIZATION_FAILED, context.apiVersion)
  }
  const info = requestInfo(context, access, AclOperation.DESCRIBE)
  return services.groups().fetchOffsets(request, info)
}

/** Groups that may not be described are answered here, in their places. */
async function fetchMany(
  services: GroupServices,
  context: RequestContext,
  request: OffsetFetchRequest,
): Promise<OffsetFetchResponse> {
  const access = accessOf(services, context)
  const isAllowed = ({ groupId }: OffsetFetchRequestGroup) =>
    access.group(AclOperation.DESCRIBE, groupId)
  const info = requestInfo(context, access, AclOperation.DESCRIBE)
  const groups = request.groups.filter(isAllowed)
  const fetched = await services.groups().fetchOffsets({ ...request, groups }, info)
  const answers = fetched.groups.values()
  return OffsetFetchResponse.create({
    groups: request.groups.map((group) =>
      groups.includes(group)
        ? answers.next().value!
        : failedGroup(group.groupId, ErrorCode.GROUP_AUTHORIZATION_FAILED),
    ),
  })
}

function failedGroup(groupId: string, errorCode: number): OffsetFetchResponseGroup {
  return createOffsetFetchResponseGroup({ groupId, errorCode })
}

/** The first versions have no error for the group, so each partition tells it. */
function failedOne(
  request: OffsetFetchRequest,
  errorCode: number,
  version: number,
): OffsetFetchResponse {
  if (version >= GROUP_ERROR_SINCE) return OffsetFetchResponse.create({ errorCode })
  return OffsetFetchResponse.create({
    topics: (request.topics ?? []).map(({ name, partitionIndexes }) =>
      createOffsetFetchResponseTopic({
        name,
        partitions: partitionIndexes.map((partitionIndex) =>
          createOffsetFetchResponsePartition({
            partitionIndex,
            errorCode,
            committedOffset: -1,
            metadata: '',
          }),
        ),
      }),
    ),
  })
}
