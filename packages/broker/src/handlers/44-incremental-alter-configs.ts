/**
 * IncrementalAlterConfigs, versions 0 and 1 (KIP-339): sets, deletes, appends to and subtracts from single
 * settings of topics, brokers, client metrics subscriptions and groups.
 */
import { incrementalAlterConfigs as decide } from '@barnabas/metadata'
import {
  createIncrementalAlterConfigsResponseAlterConfigsResourceResponse,
  IncrementalAlterConfigsRequest,
  IncrementalAlterConfigsResponse,
} from '@barnabas/protocol'
import { configAccess } from '../controller/config-access.ts'
import type { ControllerPort } from '../controller/controller-port.ts'
import type { Authorizer } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export interface IncrementalAlterConfigsServices {
  readonly controller: ControllerPort
  readonly authorizer: Authorizer
}

export function incrementalAlterConfigs(services: IncrementalAlterConfigsServices) {
  const { controller, authorizer } = services
  return handler({
    request: IncrementalAlterConfigsRequest,
    response: IncrementalAlterConfigsResponse,
    authorization: 'by-resource',
    handle: ({ connection }, request) =>
      controller.run('incrementalAlterConfigs', (context) =>
        decide(context, request, configAccess(authorizer, connection)),
      ),
    failure: (request, errorCode, errorMessage) =>
      IncrementalAlterConfigsResponse.create({
        responses: request.resources.map(({ resourceType, resourceName }) =>
          createIncrementalAlterConfigsResponseAlterConfigsResourceResponse({
            errorCode,
            errorMessage,
            resourceType,
            resourceName,
          }),
        ),
      }),
  })
}
