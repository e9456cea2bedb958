/** ListPartitionReassignments, version 0 (KIP-455): the moves of replicas that are in progress. */
import { listPartitionReassignments as decide } from '@barnabas/metadata'
import {
  ListPartitionReassignmentsRequest,
  ListPartitionReassignmentsResponse,
} from '@barnabas/protocol'
import type { ClusterView } from '../cluster/cluster-view.ts'
import { AclOperation } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export function listPartitionReassignments(services: { readonly cluster: ClusterView }) {
  return handler({
    request: ListPartitionReassignmentsRequest,
    response: ListPartitionReassignmentsResponse,
    authorization: { cluster: AclOperation.DESCRIBE },
    handle: (_context, request) => decide(services.cluster.image(), request),
    failure: (_request, errorCode, errorMessage) =>
      ListPartitionReassignmentsResponse.create({ errorCode, errorMessage }),
  })
}
