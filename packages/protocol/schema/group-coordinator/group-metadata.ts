import { array, bytes, int32, int64, message, string, struct } from '../dsl.ts'

export const GroupMetadataKey = message({
  name: 'GroupMetadataKey',
  kind: 'coordinator-key',
  apiKey: 2,
  versions: '0',
  flexible: 'none',
  doc: 'Key of GroupMetadataValue.',
  fields: {
    group: string(),
  },
})

const MemberMetadata = struct('MemberMetadata', {
  memberId: string(),
  groupInstanceId: string({ versions: '3+', nullable: '3+', default: null, ignorable: true }),
  clientId: string(),
  clientHost: string(),
  rebalanceTimeout: int32({ versions: '1+', default: -1, ignorable: true }),
  sessionTimeout: int32(),
  subscription: bytes(),
  assignment: bytes(),
})

export const GroupMetadataValue = message({
  name: 'GroupMetadataValue',
  kind: 'coordinator-value',
  apiKey: 2,
  versions: '0-4',
  flexible: '4+',
  doc: 'A classic group: its generation and members.',
  history: {
    1: 'Rebalance timeout of members.',
    2: 'Time of the last change of state.',
    3: 'Static members (KIP-345).',
  },
  fields: {
    protocolType: string(),
    generation: int32(),
    protocol: string({ nullable: '0+' }),
    leader: string({ nullable: '0+' }),
    currentStateTimestamp: int64({ versions: '2+', default: -1, ignorable: true, as: 'saturate' }),
    members: array(MemberMetadata),
  },
})
