/**
 * AlterConfigs, versions 0 to 2: replaces all settings of a resource; what is not named goes back to its
 * default. Kept for old clients; newer ones change single settings (IncrementalAlterConfigs).
 */
import { alterConfigs as decide } from '@barnabas/metadata'
import {
  AlterConfigsRequest,
  AlterConfigsResponse,
  createAlterConfigsResponseAlterConfigsResourceResponse,
} from '@barnabas/protocol'
import { configAccess } from '../controller/config-access.ts'
import type { ControllerPort } from '../controller/controller-port.ts'
import type { Authorizer } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export interface AlterConfigsServices {
  readonly controller: ControllerPort
  readonly authorizer: Authorizer
}

export function alterConfigs({ controller, authorizer }: AlterConfigsServices) {
  return handler({
    request: AlterConfigsRequest,
    response: AlterConfigsResponse,
    authorization: 'by-resource',
    handle: ({ connection }, request) =>
      controller.run('alterConfigs', (context) =>
        decide(context, request, configAccess(authorizer, connection)),
      ),
    failure: (request, errorCode, errorMessage) =>
      AlterConfigsResponse.create({
        responses: request.resources.map(({ resourceType, resourceName }) =>
          createAlterConfigsResponseAlterConfigsResourceResponse({
            errorCode,
            errorMessage,
            resourceType,
            resourceName,
          }),
        ),
      }),
  })
}
