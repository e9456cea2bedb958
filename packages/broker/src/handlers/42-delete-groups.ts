/** DeleteGroups, versions 0 to 2 (KIP-229): groups without members, with all they have committed. */
import {
  createDeleteGroupsResponseDeletableGroupResult,
  DeleteGroupsRequest,
  DeleteGroupsResponse,
  type DeleteGroupsResponseDeletableGroupResult,
  ErrorCode,
} from '@barnabas/protocol'
import { accessOf, type GroupServices } from '../coordinators/group-requests.ts'
import { AclOperation } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export function deleteGroups(services: GroupServices) {
  return handler({
    request: DeleteGroupsRequest,
    response: DeleteGroupsResponse,
    authorization: 'by-resource',
    async handle(context, request) {
      const access = accessOf(services, context)
      const names = [...new Set(request.groupsNames)]
      const allowed = names.filter((group) => access.group(AclOperation.DELETE, group))
      const deleted = await services.groups().deleteGroups({ ...request, groupsNames: allowed })
      const refused = names.filter((group) => !allowed.includes(group))
      return DeleteGroupsResponse.create({
        results: [
          ...deleted.results,
          ...refused.map((group) => failed(group, ErrorCode.GROUP_AUTHORIZATION_FAILED)),
        ],
      })
    },
    failure: (request, errorCode) =>
      DeleteGroupsResponse.create({
        results: request.groupsNames.map((group) => failed(group, errorCode)),
      }),
  })
}

function failed(groupId: string, errorCode: number): DeleteGroupsResponseDeletableGroupResult {
  return createDeleteGroupsResponseDeletableGroupResult({ groupId, errorCode })
}
