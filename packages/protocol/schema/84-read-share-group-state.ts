import { array, int16, int32, int64, int8, message, string, struct, uuid } from './dsl.ts'

const PartitionData = struct('PartitionData', {
  partition: int32(),
  leaderEpoch: int32(),
})

const ReadStateData = struct('ReadStateData', {
  topicId: uuid(),
  partitions: array(PartitionData),
})

export const ReadShareGroupStateRequest = message({
  name: 'ReadShareGroupStateRequest',
  kind: 'request',
  apiKey: 84,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  clusterAction: true,
  doc: 'Leader to share coordinator: reads the state of share partitions (KIP-932).',
  fields: {
    groupId: string(),
    topics: array(ReadStateData),
  },
})

const StateBatch = struct('StateBatch', {
  firstOffset: int64(),
  lastOffset: int64(),
  deliveryState: int8(),
  deliveryCount: int16(),
})

const PartitionResult = struct('PartitionResult', {
  partition: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: '0+', default: null }),
  stateEpoch: int32(),
  startOffset: int64(),
  stateBatches: array(StateBatch),
})

const ReadStateResult = struct('ReadStateResult', {
  topicId: uuid(),
  partitions: array(PartitionResult),
})

export const ReadShareGroupStateResponse = message({
  name: 'ReadShareGroupStateResponse',
  kind: 'response',
  apiKey: 84,
  versions: '0',
  flexible: '0+',
  doc: 'State batches of each partition.',
  fields: {
    results: array(ReadStateResult),
  },
})
