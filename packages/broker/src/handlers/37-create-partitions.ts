/** CreatePartitions, versions 0 to 3: more partitions for topics; v3 (KIP-599) may be told to slow down. */
import { createPartitions as decide } from '@barnabas/metadata'
import {
  CreatePartitionsRequest,
  CreatePartitionsResponse,
  createCreatePartitionsResponseCreatePartitionsTopicResult,
} from '@barnabas/protocol'
import type { ControllerPort } from '../controller/controller-port.ts'
import { AclOperation, type Authorizer, ResourceType } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export interface CreatePartitionsServices {
  readonly controller: ControllerPort
  readonly authorizer: Authorizer
}

export function createPartitions({ controller, authorizer }: CreatePartitionsServices) {
  return handler({
    request: CreatePartitionsRequest,
    response: CreatePartitionsResponse,
    authorization: 'by-resource',
    handle: ({ connection }, request) =>
      controller.run('createPartitions', (context) =>
        decide(context, request, {
          mayAlter: (topic) =>
            authorizer.allows(connection, AclOperation.ALTER, ResourceType.TOPIC, topic),
        }),
      ),
    failure: (request, errorCode, errorMessage) =>
      CreatePartitionsResponse.create({
        results: request.topics.map(({ name }) =>
          createCreatePartitionsResponseCreatePartitionsTopicResult({
            name,
            errorCode,
            errorMessage,
          }),
        ),
      }),
  })
}
