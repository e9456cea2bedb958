/** LeaveGroup, versions 0 to 5: members leave a classic group. v3 (KIP-345): several at once, also static ones. */
import { ErrorCode, LeaveGroupRequest, LeaveGroupResponse } from '@barnabas/protocol'
import { accessOf, type GroupServices, requestInfo } from '../coordinators/group-requests.ts'
import { AclOperation } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export function leaveGroup(services: GroupServices) {
  return handler({
    request: LeaveGroupRequest,
    response: LeaveGroupResponse,
    authorization: 'by-resource',
    handle(context, request) {
      const access = accessOf(services, context)
      if (!access.group(AclOperation.READ, request.groupId)) {
        return LeaveGroupResponse.create({ errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED })
      }
      return services.groups().leaveGroup(request, requestInfo(context, access))
    },
    failure: (_request, errorCode) => LeaveGroupResponse.create({ errorCode }),
  })
}
