/** OffsetDelete, version 0 (KIP-496): what a group has committed for topics that it no longer reads. */
import { ErrorCode, OffsetDeleteRequest, OffsetDeleteResponse } from '@barnabas/protocol'
import { accessOf, type GroupServices, requestInfo } from '../coordinators/group-requests.ts'
import { AclOperation } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export function offsetDelete(services: GroupServices) {
  return handler({
    request: OffsetDeleteRequest,
    response: OffsetDeleteResponse,
    authorization: 'by-resource',
    handle(context, request) {
      const access = accessOf(services, context)
      if (!access.group(AclOperation.DELETE, request.groupId)) {
        return OffsetDeleteResponse.create({ errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED })
      }
      const info = requestInfo(context, access, AclOperation.READ)
      return services.groups().deleteOffsets(request, info)
    },
    failure: (_request, errorCode) => OffsetDeleteResponse.create({ errorCode }),
  })
}
