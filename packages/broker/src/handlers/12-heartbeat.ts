/** Heartbeat, versions 0 to 4: a member of a classic group lives, and learns of rebalances. */
import { ErrorCode, HeartbeatRequest, HeartbeatResponse } from '@barnabas/protocol'
import { accessOf, type GroupServices } from '../coordinators/group-requests.ts'
import { AclOperation } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export function heartbeat(services: GroupServices) {
  return handler({
    request: HeartbeatRequest,
    response: HeartbeatResponse,
    authorization: 'by-resource',
    handle(context, request) {
      if (!accessOf(services, context).group(AclOperation.READ, request.groupId)) {
        return HeartbeatResponse.create({ errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED })
      }
      return services.groups().heartbeat(request)
    },
    failure: (_request, errorCode) => HeartbeatResponse.create({ errorCode }),
  })
}
