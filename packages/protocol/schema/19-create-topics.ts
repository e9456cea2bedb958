import { array, bool, int16, int32, int8, message, string, struct, uuid } from './dsl.ts'

const CreatableReplicaAssignment = struct('CreatableReplicaAssignment', {
  partitionIndex: int32({ mapKey: true }),
  brokerIds: array(int32()),
})

const CreatableTopicConfig = struct('CreatableTopicConfig', {
  name: string({ mapKey: true }),
  value: string({ nullable: '0+' }),
})

const CreatableTopic = struct('CreatableTopic', {
  name: string({ mapKey: true }),
  numPartitions: int32(),
  replicationFactor: int16(),
  assignments: array(CreatableReplicaAssignment),
  configs: array(CreatableTopicConfig),
})

export const CreateTopicsRequest = message({
  name: 'CreateTopicsRequest',
  kind: 'request',
  apiKey: 19,
  versions: '2-7',
  flexible: '5+',
  listeners: ['broker', 'controller'],
  forwardable: true,
  doc: 'Creates topics.',
  history: {
    4: 'Partition count and replication factor may be left to the broker (KIP-464).',
    5: 'Settings of the new topic in the answer (KIP-525).',
    6: 'Creation may be throttled (KIP-599).',
    7: 'Topic id in the answer (KIP-516).',
  },
  fields: {
    topics: array(CreatableTopic),
    timeoutMs: int32({ default: 60000 }),
    validateOnly: bool({ versions: '1+', default: false }),
  },
})

const CreatableTopicConfigs = struct('CreatableTopicConfigs', {
  name: string({ versions: '5+' }),
  value: string({ versions: '5+', nullable: '5+' }),
  readOnly: bool({ versions: '5+' }),
  configSource: int8({ versions: '5+', default: -1, ignorable: true }),
  isSensitive: bool({ versions: '5+' }),
})

const CreatableTopicResult = struct('CreatableTopicResult', {
  name: string({ mapKey: true }),
  topicId: uuid({ versions: '7+', ignorable: true }),
  errorCode: int16(),
  errorMessage: string({ versions: '1+', nullable: '0+', ignorable: true }),
  topicConfigErrorCode: int16({ versions: '5+', tag: 0, ignorable: true }),
  numPartitions: int32({ versions: '5+', default: -1, ignorable: true }),
  replicationFactor: int16({ versions: '5+', default: -1, ignorable: true }),
  configs: array(CreatableTopicConfigs, { versions: '5+', nullable: '5+', ignorable: true }),
})

export const CreateTopicsResponse = message({
  name: 'CreateTopicsResponse',
  kind: 'response',
  apiKey: 19,
  versions: '2-7',
  flexible: '5+',
  doc: 'Whether each topic was created, with its id and settings.',
  fields: {
    throttleTimeMs: int32({ versions: '2+', ignorable: true }),
    topics: array(CreatableTopicResult),
  },
})
