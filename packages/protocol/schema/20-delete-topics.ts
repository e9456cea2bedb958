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
  fields: {
    throttleTimeMs: int32({ versions: '1+', ignorable: true }),
    responses: array(DeletableTopicResult),
  },
})
