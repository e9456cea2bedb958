import { array, bool, bytes, int16, int32, message, string, struct } from './dsl.ts'

const JoinGroupRequestProtocol = struct('JoinGroupRequestProtocol', {
  name: string({ mapKey: true }),
  metadata: bytes(),
})

export const JoinGroupRequest = message({
  name: 'JoinGroupRequest',
  kind: 'request',
  apiKey: 11,
  versions: '0-9',
  flexible: '6+',
  listeners: ['broker'],
  doc: 'Joins a classic group and waits until its next generation is formed.',
  history: {
    1: 'A rebalance timeout apart from the session timeout.',
    4: 'A new member gets its id first and joins again with it (KIP-394).',
    5: 'Static members (KIP-345).',
    7: 'Protocol type in the answer (KIP-559).',
    8: 'A reason for joining (KIP-800).',
    9: 'The leader may be told to skip its assignment (KIP-814).',
  },
  fields: {
    groupId: string(),
    sessionTimeoutMs: int32(),
    rebalanceTimeoutMs: int32({ versions: '1+', default: -1, ignorable: true }),
    memberId: string(),
    groupInstanceId: string({ versions: '5+', nullable: '5+', default: null }),
    protocolType: string(),
    protocols: array(JoinGroupRequestProtocol),
    reason: string({ versions: '8+', nullable: '8+', default: null, ignorable: true }),
  },
})

const JoinGroupResponseMember = struct('JoinGroupResponseMember', {
  memberId: string(),
  groupInstanceId: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
  metadata: bytes(),
})

export const JoinGroupResponse = message({
  name: 'JoinGroupResponse',
  kind: 'response',
  apiKey: 11,
  versions: '0-9',
  flexible: '6+',
  doc: 'The generation and, for the leader, all members with their subscriptions.',
  fields: {
    throttleTimeMs: int32({ versions: '2+', ignorable: true }),
    errorCode: int16(),
    generationId: int32({ default: -1 }),
    protocolType: string({ versions: '7+', nullable: '7+', default: null, ignorable: true }),
    protocolName: string({ nullable: '7+' }),
    leader: string(),
    skipAssignment: bool({ versions: '9+', default: false }),
    memberId: string(),
    members: array(JoinGroupResponseMember),
  },
})
