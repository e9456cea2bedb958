/**
 * AlterPartitionReassignments, versions 0 and 1 (KIP-455): where replicas shall be, or that a move in
 * progress shall be given up. v1 (KIP-860): may forbid that the number of replicas changes.
 */
import { alterPartitionReassignments as decide } from '@barnabas/metadata'
import {
  AlterPartitionReassignmentsRequest,
  AlterPartitionReassignmentsResponse,
} from '@barnabas/protocol'
import type { ControllerPort } from '../controller/controller-port.ts'
import { AclOperation } from '../security/authorizer.ts'
import { handler } from './handler.ts'

export function alterPartitionReassignments(services: { readonly controller: ControllerPort }) {
  return handler({
    request: AlterPartitionReassignmentsRequest,
    response: AlterPartitionReassignmentsResponse,
    authorization: { cluster: AclOperation.ALTER },
    handle: (_context, request) =>
      services.controller.run('alterPartitionReassignments', (context) => decide(context, request)),
    failure: (_request, errorCode, errorMessage) =>
      AlterPartitionReassignmentsResponse.create({ errorCode, errorMessage }),
  })
}
