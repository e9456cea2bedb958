/** ListGroups, versions 0 to 5: the groups that this broker coordinates. v4 (KIP-518): by state. v5: by type. */
import { ListGroupsRequest, ListGroupsResponse } from '@barnabas/protocol'
import { accessOf, type GroupServices } from '../coordinators/group-requests.ts'
import { AclOperation } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export function listGroups(services: GroupServices) {
  return handler({
    request: ListGroupsRequest,
    response: ListGroupsResponse,
    authorization: 'by-resource',
    async handle(context, request) {
      const access = accessOf(services, context)
      const response = await services.groups().listGroups(request)
      // Without the right to describe the cluster, those that may be described by themselves.
      if (!access.cluster(AclOperation.DESCRIBE)) {
        const mayDescribe = ({ groupId }: { groupId: string }) =>
          access.group(AclOperation.DESCRIBE, groupId)
        response.groups = response.groups.filter(mayDescribe)
      }
      return response
    },
    failure: (_request, errorCode) => ListGroupsResponse.create({ errorCode }),
  })
}
