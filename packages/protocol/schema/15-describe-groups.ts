import { array, bool, bytes, int16, int32, message, string, struct } from './dsl.ts'

export const DescribeGroupsRequest = message({
  name: 'DescribeGroupsRequest',
  kind: 'request',
  apiKey: 15,
  versions: '0-6',
  flexible: '5+',
  listeners: ['broker'],
  doc: 'Asks for state and members of classic groups.',
  history: {
    3: 'Authorized operations on request (KIP-430).',
    4: 'Static members (KIP-345).',
    6: 'A group that does not exist is an error (KIP-1043).',
  },
  fields: {
    groups: array(string()),
    includeAuthorizedOperations: bool({ versions: '3+' }),
  },
})

const DescribedGroupMember = struct('DescribedGroupMember', {
  memberId: string(),
  groupInstanceId: string({ versions: '4+', nullable: '4+', default: null, ignorable: true }),
  clientId: string(),
  clientHost: string(),
  memberMetadata: bytes(),
  memberAssignment: bytes(),
})

const DescribedGroup = struct('DescribedGroup', {
  errorCode: int16(),
  errorMessage: string({ versions: '6+', nullable: '6+', default: null }),
  groupId: string(),
  groupState: string(),
  protocolType: string(),
  protocolData: string(),
  members: array(DescribedGroupMember),
  authorizedOperations: int32({ versions: '3+', default: -2147483648 }),
})

export const DescribeGroupsResponse = message({
  name: 'DescribeGroupsResponse',
  kind: 'response',
  apiKey: 15,
  versions: '0-6',
  flexible: '5+',
  doc: 'State, protocol and members of each group.',
  fields: {
    throttleTimeMs: int32({ versions: '1+', ignorable: true }),
    groups: array(DescribedGroup),
  },
})
