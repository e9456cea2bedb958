/**
 * DescribeGroups, versions 0 to 6: states and members of classic groups. v3 (KIP-430): authorised
 * operations. v6 (KIP-1043): a group that is not there is an error.
 */
import {
  createDescribeGroupsResponseDescribedGroup,
  DescribeGroupsRequest,
  DescribeGroupsResponse,
  type DescribeGroupsResponseDescribedGroup,
  ErrorCode,
} from '@barnabas/protocol'
import { accessOf, type GroupServices, requestInfo } from '../coordinators/group-requests.ts'
import type { RequestContext } from '../request/request-context.ts'
import { AclOperation, authorizedOperations, ResourceType } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export function describeGroups(services: GroupServices) {
  return handler({
    request: DescribeGroupsRequest,
    response: DescribeGroupsResponse,
    authorization: 'by-resource',
    handle: (context, request) => describe(services, context, request),
    failure: (request, errorCode) =>
      DescribeGroupsResponse.create({
        groups: request.groups.map((groupId) => failed(groupId, errorCode)),
      }),
  })
}

/** Groups that may not be described are answered here, in their places. */
async function describe(
  services: GroupServices,
  context: RequestContext,
  request: DescribeGroupsRequest,
): Promise<DescribeGroupsResponse> {
  const access = accessOf(services, context)
  const isAllowed = (groupId: string) => access.group(AclOperation.DESCRIBE, groupId)
  const allowed = request.groups.filter(isAllowed)
  const described = await services
    .groups()
    .describeGroups({ ...request, groups: allowed }, requestInfo(context, access))
  const byId = new Map(described.groups.map((group) => [group.groupId, group]))
  if (request.includeAuthorizedOperations) {
    for (const group of byId.values()) {
      if (group.errorCode !== ErrorCode.NONE) continue
      group.authorizedOperations = authorizedOperations(
        services.authorizer,
        context.connection,
        ResourceType.GROUP,
        group.groupId,
      )
    }
  }
  return DescribeGroupsResponse.create({
    groups: request.groups.map(
      (groupId) => byId.get(groupId) ?? failed(groupId, ErrorCode.GROUP_AUTHORIZATION_FAILED),
    ),
  })
}

function failed(groupId: string, errorCode: number): DescribeGroupsResponseDescribedGroup {
  return createDescribeGroupsResponseDescribedGroup({ groupId, errorCode })
}
