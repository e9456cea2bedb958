import { array, int16, int32, message, string, struct, uuid } from './dsl.ts'

const DeleteTopicState = struct('DeleteTopicState', {
  name: string({ versions: '6+', nullable: '6+', default: null }),
  topicId: uuid({ versions: '6+' }),
})

export const DeleteTopicsRequest = message({
  name: 'DeleteTopicsRequest',
  kind: 'request',
  apiKey: 20,
  versions: '1-6',
  flexible: '4+',
  listeners: ['broker', 'controller'],
  forwardable: true,
  doc: 'Deletes topics.',
  history: {
    5: 'Error texts; deletion may be throttled (KIP-599).',
    6: 'Topics by name or by id (KIP-516).',
  },
  fields: {
    topics: array(DeleteTopicState, { versions: '6+' }),
    topicNames: array(string(), { versions: '0-5', ignorable: true }),
    timeoutMs: int32(),
  },
})

const DeletableTopicResult = struct('DeletableTopicResult', {
  name: string({ nullable: '6+', mapKey: true }),
  topicId: uuid({ versions: '6+', ignorable: true }),
  errorCode: int16(),
  errorMessage: string({ versions: '5+', nullable: '5+', default: null, ignorable: true }),
})

export const DeleteTopicsResponse = message({
  name: 'DeleteTopicsResponse',
  kind: 'response',
  apiKey: 20,
  versions: '1-6',
  flexible: '4+',
  doc: 'Whether each topic was deleted.',
  fields: {
    throttleTimeMs: int32({ versions: '1+', ignorable: true }),
    responses: array(DeletableTopicResult),
  },
})
