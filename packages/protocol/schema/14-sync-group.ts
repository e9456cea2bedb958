import { array, bytes, int16, int32, message, string, struct } from './dsl.ts'

const SyncGroupRequestAssignment = struct('SyncGroupRequestAssignment', {
  memberId: string(),
  assignment: bytes(),
})

export const SyncGroupRequest = message({
  name: 'SyncGroupRequest',
  kind: 'request',
  apiKey: 14,
  versions: '0-5',
  flexible: '4+',
  listeners: ['broker'],
  doc: "Hands over the leader's assignment and waits for one's own.",
  history: {
    3: 'Static members (KIP-345).',
    5: "Protocol type and name must be the group's (KIP-559).",
  },
  fields: {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string({ versions: '3+', nullable: '3+', default: null }),
    protocolType: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
    protocolName: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
    assignments: array(SyncGroupRequestAssignment),
  },
})

export const SyncGroupResponse = message({
  name: 'SyncGroupResponse',
  kind: 'response',
  apiKey: 14,
  versions: '0-5',
  flexible: '4+',
  doc: "The member's assignment.",
  fields: {
    throttleTimeMs: int32({ versions: '1+', ignorable: true }),
    errorCode: int16(),
    protocolType: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
    protocolName: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
    assignment: bytes(),
  },
})
