/**
 * FindCoordinator, versions 0 to 6: which broker coordinates a group, a transactional id or a share
 * partition. v1: kinds of keys. v4 (KIP-699): several keys. v6 (KIP-932): share partitions.
 */
import { coordinatorPartition, type Endpoint, isUuid } from '@barnabas/base'
import {
  createFindCoordinatorResponseCoordinator,
  ErrorCode,
  errorOf,
  FindCoordinatorRequest,
  FindCoordinatorResponse,
  type FindCoordinatorResponseCoordinator,
} from '@barnabas/protocol'
import type { ClusterView } from '../cluster/cluster-view.ts'
import { CONSUMER_OFFSETS, SHARE_GROUP_STATE, TRANSACTION_STATE } from '../cluster/topic-names.ts'
import type { ConnectionInfo, RequestContext } from '../request/request-context.ts'
import { Access } from '../security/access.ts'
import { AclOperation, type Authorizer } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export interface FindCoordinatorServices {
  readonly cluster: ClusterView
  readonly authorizer: Authorizer
  /** Begins to make the topic of a coordinator. */
  createTopic(name: string): void
}

const KeyType = { GROUP: 0, TRANSACTION: 1, SHARE: 2 } as const
const MANY_KEYS_SINCE = 4
const SHARE_SINCE = 6

type Found = ({ id: number } & Endpoint) | number

export function findCoordinator(services: FindCoordinatorServices) {
  return handler({
    request: FindCoordinatorRequest,
    response: FindCoordinatorResponse,
    authorization: 'by-resource',
    handle(context, request) {
      if (context.apiVersion < MANY_KEYS_SINCE) {
        return single(find(services, context, request.keyType, request.key))
      }
      return FindCoordinatorResponse.create({
        coordinators: request.coordinatorKeys.map((key) =>
          coordinator(key, find(services, context, request.keyType, key)),
        ),
      })
    },
    failure: (request, errorCode) =>
      request.coordinatorKeys.length > 0
        ? FindCoordinatorResponse.create({
            coordinators: request.coordinatorKeys.map((key) => coordinator(key, errorCode)),
          })
        : single(errorCode),
  })
}

function find(
  services: FindCoordinatorServices,
  context: RequestContext,
  keyType: number,
  key: string,
): Found {
  const problem = keyProblem(services.authorizer, context, keyType, key)
  if (problem !== ErrorCode.NONE) return problem
  const { cluster } = services
  const name = topicOf(keyType)
  const image = cluster.image()
  const topic = image.topics.byName.get(name)
  if (topic === undefined) {
    services.createTopic(name)
    return ErrorCode.COORDINATOR_NOT_AVAILABLE
  }
  const partition = topic.partitions[coordinatorPartition(key, topic.partitions.length)]!
  return endpointOf(cluster, partition.leader, context.connection)
}

function endpointOf(cluster: ClusterView, leader: number, connection: ConnectionInfo): Found {
  const broker = cluster.image().brokers.get(leader)
  const endpoint = broker && !broker.fenced ? cluster.endpoint(broker, connection) : null
  return endpoint === null
    ? ErrorCode.COORDINATOR_NOT_AVAILABLE
    : { id: leader, host: endpoint.host, port: endpoint.port }
}

function topicOf(keyType: number): string {
  if (keyType === KeyType.GROUP) return CONSUMER_OFFSETS
  return keyType === KeyType.TRANSACTION ? TRANSACTION_STATE : SHARE_GROUP_STATE
}

function keyProblem(
  authorizer: Authorizer,
  { apiVersion, connection }: RequestContext,
  keyType: number,
  key: string,
): number {
  const access = new Access(authorizer, connection)
  switch (keyType) {
    case KeyType.GROUP:
      return access.group(AclOperation.DESCRIBE, key)
        ? ErrorCode.NONE
        : ErrorCode.GROUP_AUTHORIZATION_FAILED
    case KeyType.TRANSACTION:
      return access.transactionalId(AclOperation.DESCRIBE, key)
        ? ErrorCode.NONE
        : ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    case KeyType.SHARE:
      if (apiVersion < SHARE_SINCE || !isSharePartition(key)) return ErrorCode.INVALID_REQUEST
      return access.cluster(AclOperation.CLUSTER_ACTION)
        ? ErrorCode.NONE
        : ErrorCode.CLUSTER_AUTHORIZATION_FAILED
    default:
      return ErrorCode.INVALID_REQUEST
  }
}

/** `group:topic id:partition`; only the group may itself contain colons. */
function isSharePartition(key: string): boolean {
  const parts = key.split(':')
  const partition = parts.pop() ?? ''
  const topicId = parts.pop() ?? ''
  return parts.join(':') !== '' && isUuid(topicId) && /^\d{1,10}$/.test(partition)
}

function single(found: Found): FindCoordinatorResponse {
  const { nodeId, host, port, errorCode } = fieldsOf(found)
  const errorMessage = errorCode === ErrorCode.NONE ? 'NONE' : errorOf(errorCode).message
  return FindCoordinatorResponse.create({ nodeId, host, port, errorCode, errorMessage })
}

function coordinator(key: string, found: Found): FindCoordinatorResponseCoordinator {
  return createFindCoordinatorResponseCoordinator({ key, ...fieldsOf(found), errorMessage: '' })
}

function fieldsOf(found: Found) {
  return typeof found === 'number'
    ? { nodeId: -1, host: '', port: -1, errorCode: found }
    : { nodeId: found.id, host: found.host, port: found.port, errorCode: ErrorCode.NONE }
}
