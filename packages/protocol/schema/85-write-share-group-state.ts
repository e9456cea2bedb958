import { array, int16, int32, int64, int8, message, string, struct, uuid } from './dsl.ts'

const StateBatch = struct('StateBatch', {
  firstOffset: int64(),
  lastOffset: int64(),
  deliveryState: int8(),
  deliveryCount: int16(),
})

const PartitionData = struct('PartitionData', {
  partition: int32(),
  stateEpoch: int32(),
  leaderEpoch: int32(),
  startOffset: int64(),
  deliveryCompleteCount: int32({ versions: '1+', default: -1, ignorable: true }),
  stateBatches: array(StateBatch),
})

const WriteStateData = struct('WriteStateData', {
  topicId: uuid(),
  partitions: array(PartitionData),
})

export const WriteShareGroupStateRequest = message({
  name: 'WriteShareGroupStateRequest',
  kind: 'request',
  apiKey: 85,
  versions: '0-1',
  flexible: '0+',
  listeners: ['broker'],
  clusterAction: true,
  doc: 'Leader to share coordinator: writes the state of share partitions (KIP-932).',
  history: {
    1: 'Count of records whose delivery is complete (KIP-1226).',
  },
  fields: {
    groupId: string(),
    topics: array(WriteStateData),
  },
})

const PartitionResult = struct('PartitionResult', {
  partition: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: '0+', default: null }),
})

const WriteStateResult = struct('WriteStateResult', {
  topicId: uuid(),
  partitions: array(PartitionResult),
})

export const WriteShareGroupStateResponse = message({
  name: 'WriteShareGroupStateResponse',
  kind: 'response',
  apiKey: 85,
  versions: '0-1',
  flexible: '0+',
  doc: 'Whether each was written.',
  fields: {
    results: array(WriteStateResult),
  },
})
