/**
 * UpdateFeatures, versions 0 to 2 (KIP-584): the levels of features such as metadata.version that the
 * cluster commits to. v1: may only be checked; v2: one result for all.
 */
import { updateFeatures as decide } from '@barnabas/metadata'
import { UpdateFeaturesRequest, UpdateFeaturesResponse } from '@barnabas/protocol'
import type { ControllerPort } from '../controller/controller-port.ts'
import { AclOperation } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export function updateFeatures({ controller }: { readonly controller: ControllerPort }) {
  return handler({
    request: UpdateFeaturesRequest,
    response: UpdateFeaturesResponse,
    authorization: { cluster: AclOperation.ALTER },
    handle: ({ apiVersion }, request) =>
      controller.run('updateFeatures', (context) => decide(context, request, apiVersion)),
    failure: (_request, errorCode, errorMessage) =>
      UpdateFeaturesResponse.create({ errorCode, errorMessage }),
  })
}
