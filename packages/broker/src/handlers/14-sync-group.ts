/**
 * SyncGroup, versions 0 to 5: the leader of a classic group hands in what everybody gets, the others fetch
 * theirs. v5 (KIP-559): protocol types.
 */
import { ErrorCode, SyncGroupRequest, SyncGroupResponse } from '@barnabas/protocol'
import { accessOf, type GroupServices, kept } from '../coordinators/group-requests.ts'
import { AclOperation } from '../security/authorizer.ts'
import { handler } from './handler.ts'

const PROTOCOL_SINCE = 5

export function syncGroup(services: GroupServices) {
  return handler({
    request: SyncGroupRequest,
    response: SyncGroupResponse,
    authorization: 'by-resource',
    handle(context, request) {
      if (!accessOf(services, context).group(AclOperation.READ, request.groupId)) {
        return SyncGroupResponse.create({ errorCode: ErrorCode.GROUP_AUTHORIZATION_FAILED })
      }
      const namesProtocol = request.protocolType !== null && request.protocolName !== null
      if (context.apiVersion >= PROTOCOL_SINCE && !namesProtocol) {
        return SyncGroupResponse.create({ errorCode: ErrorCode.INCONSISTENT_GROUP_PROTOCOL })
      }
      for (const each of request.assignments) each.assignment = kept(each.assignment)
      return services.groups().syncGroup(request)
    },
    failure: (_request, errorCode) => SyncGroupResponse.create({ errorCode }),
  })
}
