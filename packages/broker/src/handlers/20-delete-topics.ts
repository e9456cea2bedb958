/**
 * DeleteTopics, versions 1 to 6: topics by name, from v6 (KIP-516) also by id. Their data goes in the
 * background; a topic of the same name may be created at once.
 */
import { deleteTopics as decide } from '@barnabas/metadata'
import {
  createDeleteTopicsResponseDeletableTopicResult,
  DeleteTopicsRequest,
  DeleteTopicsResponse,
  ZERO_UUID,
} from '@barnabas/protocol'
import type { ControllerPort } from '../controller/controller-port.ts'
import { topicAccess } from '../controller/topic-access.ts'
import type { Authorizer } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export interface DeleteTopicsServices {
  readonly controller: ControllerPort
  readonly authorizer: Authorizer
}

export function deleteTopics({ controller, authorizer }: DeleteTopicsServices) {
  return handler({
    request: DeleteTopicsRequest,
    response: DeleteTopicsResponse,
    authorization: 'by-resource',
    handle: ({ connection, apiVersion }, request) =>
      controller.run('deleteTopics', (context) =>
        decide(context, request, apiVersion, topicAccess(authorizer, connection)),
      ),
    failure: (request, errorCode, errorMessage) =>
      DeleteTopicsResponse.create({
        responses: [
          ...request.topics,
          ...request.topicNames.map((name) => ({ name, topicId: ZERO_UUID })),
        ].map(({ name, topicId }) =>
          createDeleteTopicsResponseDeletableTopicResult({
            name,
            topicId,
            errorCode,
            errorMessage,
          }),
        ),
      }),
  })
}
