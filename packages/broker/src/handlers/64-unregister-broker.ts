/** UnregisterBroker, version 0: forgets a broker that will not come back. */
import { unregisterBroker as decide } from '@barnabas/metadata'
import { UnregisterBrokerRequest, UnregisterBrokerResponse } from '@barnabas/protocol'
import type { ControllerPort } from '../controller/controller-port.ts'
import { AclOperation } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export function unregisterBroker({ controller }: { readonly controller: ControllerPort }) {
  return handler({
    request: UnregisterBrokerRequest,
    response: UnregisterBrokerResponse,
    authorization: { cluster: AclOperation.ALTER },
    handle: (_context, request) =>
      controller.run('unregisterBroker', (context) => decide(context, request)),
    failure: (_request, errorCode, errorMessage) =>
      UnregisterBrokerResponse.create({ errorCode, errorMessage }),
  })
}
