import { int16, int32, message, string, uuid } from './dsl.ts'

export const RemoveRaftVoterRequest = message({
  name: 'RemoveRaftVoterRequest',
  kind: 'request',
  apiKey: 81,
  versions: '0',
  flexible: '0+',
  listeners: ['controller', 'broker'],
  forwardable: true,
  doc: 'KRaft: removes a voter (KIP-853).',
  fields: {
    clusterId: string({ nullable: '0+' }),
    voterId: int32(),
    voterDirectoryId: uuid(),
  },
})

export const RemoveRaftVoterResponse = message({
  name: 'RemoveRaftVoterResponse',
  kind: 'response',
  apiKey: 81,
  versions: '0',
  flexible: '0+',
  doc: 'Whether it was removed.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', ignorable: true }),
  },
})
