import { array, int16, int32, int8, message, string, struct } from './dsl.ts'

export const FindCoordinatorRequest = message({
  name: 'FindCoordinatorRequest',
  kind: 'request',
  apiKey: 10,
  versions: '0-6',
  flexible: '3+',
  listeners: ['broker'],
  doc: 'Asks which broker coordinates a group, a transactional id or a share partition.',
  history: {
    1: 'A key type: group or transactional id.',
    4: 'Many keys in one request (KIP-699).',
    5: 'TRANSACTION_ABORTABLE may be answered (KIP-890).',
    6: 'Share partitions, by `group:topicId:partition` (KIP-932).',
  },
  fields: {
    key: string({ versions: '0-3' }),
    keyType: int8({ versions: '1+', default: 0 }),
    coordinatorKeys: array(string(), { versions: '4+' }),
  },
})

const Coordinator = struct('Coordinator', {
  key: string({ versions: '4+' }),
  nodeId: int32({ versions: '4+' }),
  host: string({ versions: '4+' }),
  port: int32({ versions: '4+' }),
  errorCode: int16({ versions: '4+' }),
  errorMessage: string({ versions: '4+', nullable: '4+', ignorable: true }),
})

export const FindCoordinatorResponse = message({
  name: 'FindCoordinatorResponse',
  kind: 'response',
  apiKey: 10,
  versions: '0-6',
  flexible: '3+',
  doc: "The coordinator's node and address for each key.",
  fields: {
    throttleTimeMs: int32({ versions: '1+', ignorable: true }),
    errorCode: int16({ versions: '0-3' }),
    errorMessage: string({ versions: '1-3', nullable: '1-3', ignorable: true }),
    nodeId: int32({ versions: '0-3' }),
    host: string({ versions: '0-3' }),
    port: int32({ versions: '0-3' }),
    coordinators: array(Coordinator, { versions: '4+' }),
  },
})
