import { array, int16, int32, int64, message, string, struct, uuid } from './dsl.ts'

const PartitionData = struct('PartitionData', {
  partition: int32(),
  stateEpoch: int32(),
  startOffset: int64(),
})

const InitializeStateData = struct('InitializeStateData', {
  topicId: uuid(),
  partitions: array(PartitionData),
})

export const InitializeShareGroupStateRequest = message({
  name: 'InitializeShareGroupStateRequest',
  kind: 'request',
  apiKey: 83,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  clusterAction: true,
  doc: 'Group to share coordinator: begins the state of share partitions (KIP-932).',
  fields: {
    groupId: string(),
    topics: array(InitializeStateData),
  },
})

const PartitionResult = struct('PartitionResult', {
  partition: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: '0+', default: null }),
})

const InitializeStateResult = struct('InitializeStateResult', {
  topicId: uuid(),
  partitions: array(PartitionResult),
})

export const InitializeShareGroupStateResponse = message({
  name: 'InitializeShareGroupStateResponse',
  kind: 'response',
  apiKey: 83,
  versions: '0',
  flexible: '0+',
  doc: 'Whether each was begun.',
  fields: {
    results: array(InitializeStateResult),
  },
})
