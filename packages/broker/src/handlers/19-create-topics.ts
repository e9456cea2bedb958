/**
 * CreateTopics, versions 2 to 7: new topics, each judged by itself. v5 (KIP-525): tells the settings that
 * hold; v6 (KIP-599): may be told to slow down; v7: topic ids. Answers when the topics can be written to.
 */
import { createTopics as decide } from '@barnabas/metadata'
import {
  CreateTopicsRequest,
  CreateTopicsResponse,
  createCreateTopicsResponseCreatableTopicResult,
} from '@barnabas/protocol'
import type { ControllerPort } from '../controller/controller-port.ts'
import { topicAccess } from '../controller/topic-access.ts'
import type { Authorizer } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export interface CreateTopicsServices {
  readonly controller: ControllerPort
  readonly authorizer: Authorizer
}

export function createTopics({ controller, authorizer }: CreateTopicsServices) {
  return handler({
    request: CreateTopicsRequest,
    response: CreateTopicsResponse,
    authorization: 'by-resource',
    handle: ({ connection }, request) =>
      controller.run('createTopics', (context) =>
        decide(context, request, topicAccess(authorizer, connection)),
      ),
    failure: (request, errorCode, errorMessage) =>
      CreateTopicsResponse.create({
        topics: request.topics.map(({ name }) =>
          createCreateTopicsResponseCreatableTopicResult({ name, errorCode, errorMessage }),
        ),
      }),
  })
}
