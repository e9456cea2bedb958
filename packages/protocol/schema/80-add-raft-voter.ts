import { array, bool, int16, int32, message, string, struct, uint16, uuid } from './dsl.ts'

const Listener = struct('Listener', {
  name: string({ mapKey: true }),
  host: string(),
  port: uint16(),
})

export const AddRaftVoterRequest = message({
  name: 'AddRaftVoterRequest',
  kind: 'request',
  apiKey: 80,
  versions: '0-1',
  flexible: '0+',
  listeners: ['controller', 'broker'],
  forwardable: true,
  doc: 'KRaft: adds a voter (KIP-853).',
  history: {
    1: 'Can be answered before the change is committed.',
  },
  fields: {
    clusterId: string({ nullable: '0+' }),
    timeoutMs: int32(),
    voterId: int32(),
    voterDirectoryId: uuid(),
    listeners: array(Listener),
    ackWhenCommitted: bool({ versions: '1+', default: true }),
  },
})

export const AddRaftVoterResponse = message({
  name: 'AddRaftVoterResponse',
  kind: 'response',
  apiKey: 80,
  versions: '0-1',
  flexible: '0+',
  doc: 'Whether it was added.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', ignorable: true }),
  },
})
