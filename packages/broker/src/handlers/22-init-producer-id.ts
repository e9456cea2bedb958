/**
 * InitProducerId, versions 0 to 5: an id for an idempotent producer (KIP-98), or the id and a new epoch
 * for a transactional one. v3 (KIP-360): the producer's present id and epoch; v4 (KIP-588): PRODUCER_FENCED.
 */
import { ApiError, type Awaitable } from '@barnabas/base'
import { ErrorCode, InitProducerIdRequest, InitProducerIdResponse } from '@barnabas/protocol'
import type { ProducerIds } from '../controller/producer-ids.ts'
import type { RequestContext } from '../request/request-context.ts'
import {
  AclOperation,
  type Authorizer,
  CLUSTER_NAME,
  ResourceType,
} from '../security/authorizer.ts'
import { handler } from './handler.ts'

export interface InitProducerIdServices {
  readonly authorizer: Authorizer
  readonly producerIds: Pick<ProducerIds, 'next'>
  /** Serves transactional producers; null where there is no transaction coordinator. */
  readonly transactions: {
    initProducerId(
      context: RequestContext,
      request: InitProducerIdRequest,
    ): Awaitable<InitProducerIdResponse>
  } | null
}

export function initProducerId(services: InitProducerIdServices) {
  return handler({
    request: InitProducerIdRequest,
    response: InitProducerIdResponse,
    authorization: 'by-resource',
    handle(context, request) {
      const { transactionalId } = request
      if (transactionalId === null) return idempotent(services, context)
      // An empty id would be one that all who forget to set it share.
      if (transactionalId === '') throw new ApiError(ErrorCode.INVALID_REQUEST)
      const { authorizer, transactions } = services
      const type = ResourceType.TRANSACTIONAL_ID
      if (!authorizer.allows(context.connection, AclOperation.WRITE, type, transactionalId)) {
        throw new ApiError(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
      }
      if (transactions === null) throw new ApiError(ErrorCode.COORDINATOR_NOT_AVAILABLE)
      return transactions.initProducerId(context, request)
    },
    failure: (_request, errorCode) =>
      InitProducerIdResponse.create({ errorCode, producerId: -1, producerEpoch: -1 }),
  })
}

function idempotent(
  { authorizer, producerIds }: InitProducerIdServices,
  { connection }: RequestContext,
): Awaitable<InitProducerIdResponse> {
  const isAllowed =
    authorizer.allows(
      connection,
      AclOperation.IDEMPOTENT_WRITE,
      ResourceType.CLUSTER,
      CLUSTER_NAME,
    ) || authorizer.allowsAny(connection, AclOperation.WRITE, ResourceType.TOPIC)
  if (!isAllowed) throw new ApiError(ErrorCode.CLUSTER_AUTHORIZATION_FAILED)
  const id = producerIds.next()
  const answer = (producerId: number) =>
    InitProducerIdResponse.create({ producerId, producerEpoch: 0 })
  return id instanceof Promise ? id.then(answer) : answer(id)
}
