/**
 * DescribeCluster, versions 0 to 2: id and nodes of the cluster. v1: says which kind of endpoint it was sent
 * to (brokers or controllers). v2 (KIP-1073): brokers that are fenced, on request.
 */
import {
  createDescribeClusterResponseDescribeClusterBroker,
  DescribeClusterRequest,
  DescribeClusterResponse,
  ErrorCode,
} from '@barnabas/protocol'
import { aliveBrokers, type ClusterView, toldController } from '../cluster/cluster-view.ts'
import {
  AclOperation,
  type Authorizer,
  authorizedOperations,
  CLUSTER_NAME,
  ResourceType,
  type Subject,
} from '../security/authorizer.ts'
import { handler } from './handler.ts'

const EndpointType = { BROKER: 1, CONTROLLER: 2 } as const
const NOT_ASKED = -2147483648

export interface DescribeClusterServices {
  readonly cluster: ClusterView
  readonly authorizer: Authorizer
}

export function describeCluster(services: DescribeClusterServices) {
  return handler({
    request: DescribeClusterRequest,
    response: DescribeClusterResponse,
    authorization: 'by-resource',
    handle({ apiVersion, connection }, request) {
      const refusal = endpointProblem(request.endpointType, apiVersion)
      if (refusal !== null) return DescribeClusterResponse.create(refusal)
      const { cluster, authorizer } = services
      const alive = aliveBrokers(cluster, connection)
      const brokers = alive.map(({ id, host, port, rack }) =>
        createDescribeClusterResponseDescribeClusterBroker({ brokerId: id, host, port, rack }),
      )
      if (request.includeFencedBrokers) {
        for (const broker of cluster.image().brokers.values()) {
          const endpoint = broker.fenced ? cluster.endpoint(broker, connection) : null
          if (endpoint === null) continue
          brokers.push(
            createDescribeClusterResponseDescribeClusterBroker({
              brokerId: broker.id,
              ...endpoint,
              rack: broker.rack,
              isFenced: true,
            }),
          )
        }
      }
      return DescribeClusterResponse.create({
        clusterId: cluster.clusterId,
        controllerId: toldController(cluster, alive),
        brokers,
        clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
          ? operations(authorizer, connection)
          : NOT_ASKED,
      })
    },
    failure: (_request, errorCode, errorMessage) =>
      DescribeClusterResponse.create({ errorCode, errorMessage }),
  })
}

function endpointProblem(type: number, version: number) {
  if (type === EndpointType.BROKER) return null
  if (type === EndpointType.CONTROLLER) {
    return {
      errorCode: version === 0 ? ErrorCode.INVALID_REQUEST : ErrorCode.MISMATCHED_ENDPOINT_TYPE,
      errorMessage: 'this is a listener of a broker, the request is meant for a controller',
    }
  }
  return {
    errorCode: version === 0 ? ErrorCode.INVALID_REQUEST : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE,
    errorMessage: `no endpoint type has the number ${type}`,
  }
}

function operations(authorizer: Authorizer, subject: Subject): number {
  const { CLUSTER } = ResourceType
  return authorizer.allows(subject, AclOperation.DESCRIBE, CLUSTER, CLUSTER_NAME)
    ? authorizedOperations(authorizer, subject, CLUSTER, CLUSTER_NAME)
    : 0
}
