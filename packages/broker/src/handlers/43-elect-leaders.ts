/** ElectLeaders, versions 0 to 2: preferred (KIP-183) and, from v1, unclean elections (KIP-460). */
import { electLeaders as decide } from '@barnabas/metadata'
import { ElectLeadersRequest, ElectLeadersResponse } from '@barnabas/protocol'
import type { ControllerPort } from '../controller/controller-port.ts'
import { AclOperation } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export function electLeaders({ controller }: { readonly controller: ControllerPort }) {
  return handler({
    request: ElectLeadersRequest,
    response: ElectLeadersResponse,
    authorization: { cluster: AclOperation.ALTER },
    handle: (_context, request) =>
      controller.run('electLeaders', (context) => decide(context, request)),
    failure: (_request, errorCode) => ElectLeadersResponse.create({ errorCode }),
  })
}
