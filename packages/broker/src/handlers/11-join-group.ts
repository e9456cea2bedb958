/**
 * JoinGroup, versions 0 to 9: becomes a member of a classic group; answered when the group is complete. v4
 * (KIP-394): the member id is given out first. v5 (KIP-345): static members. v7 (KIP-559): protocol types.
 */
import { ErrorCode, JoinGroupRequest, JoinGroupResponse } from '@barnabas/protocol'
import { accessOf, type GroupServices, kept, requestInfo } from '../coordinators/group-requests.ts'
import { AclOperation } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export function joinGroup(services: GroupServices) {
  return handler({
    request: JoinGroupRequest,
    response: JoinGroupResponse,
    authorization: 'by-resource',
    handle(context, request) {
      const access = accessOf(services, context)
      if (!access.group(AclOperation.READ, request.groupId)) {
        return failed(request, ErrorCode.GROUP_AUTHORIZATION_FAILED)
      }
      for (const protocol of request.protocols) protocol.metadata = kept(protocol.metadata)
      return services.groups().joinGroup(request, requestInfo(context, access))
    },
    failure: failed,
  })
}

function failed({ memberId }: JoinGroupRequest, errorCode: number): JoinGroupResponse {
  // Versions before 7 cannot express that there is no protocol; the empty name is the same to all.
  return JoinGroupResponse.create({ errorCode, memberId, protocolName: '' })
}
