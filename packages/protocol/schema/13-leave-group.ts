import { array, int16, int32, message, string, struct } from './dsl.ts'

const MemberIdentity = struct('MemberIdentity', {
  memberId: string({ versions: '3+' }),
  groupInstanceId: string({ versions: '3+', nullable: '3+', default: null }),
  reason: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
})

export const LeaveGroupRequest = message({
  name: 'LeaveGroupRequest',
  kind: 'request',
  apiKey: 13,
  versions: '0-5',
  flexible: '4+',
  listeners: ['broker'],
  doc: 'Removes members from a classic group.',
  history: {
    3: 'Many members, also static ones (KIP-345).',
    5: 'A reason for leaving (KIP-800).',
  },
  fields: {
    groupId: string(),
    memberId: string({ versions: '0-2' }),
    members: array(MemberIdentity, { versions: '3+' }),
  },
})

const MemberResponse = struct('MemberResponse', {
  memberId: string({ versions: '3+' }),
  groupInstanceId: string({ versions: '3+', nullable: '3+' }),
  errorCode: int16({ versions: '3+' }),
})

export const LeaveGroupResponse = message({
  name: 'LeaveGroupResponse',
  kind: 'response',
  apiKey: 13,
  versions: '0-5',
  flexible: '4+',
  doc: 'Whether each member was removed.',
  fields: {
    throttleTimeMs: int32({ versions: '1+', ignorable: true }),
    errorCode: int16(),
    members: array(MemberResponse, { versions: '3+' }),
  },
})
