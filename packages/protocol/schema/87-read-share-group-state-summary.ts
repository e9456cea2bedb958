import { array, int16, int32, int64, message, string, struct, uuid } from './dsl.ts'

const PartitionData = struct('PartitionData', {
  partition: int32(),
  leaderEpoch: int32(),
})

const ReadStateSummaryData = struct('ReadStateSummaryData', {
  topicId: uuid(),
  partitions: array(PartitionData),
})

export const ReadShareGroupStateSummaryRequest = message({
  name: 'ReadShareGroupStateSummaryRequest',
  kind: 'request',
  apiKey: 87,
  versions: '0-1',
  flexible: '0+',
  listeners: ['broker'],
  clusterAction: true,
  doc: 'Group to share coordinator: reads only the start offsets of share partitions (KIP-932).',
  history: {
    1: 'Count of records whose delivery is complete (KIP-1226).',
  },
  fields: {
    groupId: string(),
    topics: array(ReadStateSummaryData),
  },
})

const PartitionResult = struct('PartitionResult', {
  partition: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: '0+', default: null }),
  stateEpoch: int32(),
  leaderEpoch: int32(),
  startOffset: int64(),
  deliveryCompleteCount: int32({ versions: '1+', default: -1, ignorable: true }),
})

const ReadStateSummaryResult = struct('ReadStateSummaryResult', {
  topicId: uuid(),
  partitions: array(PartitionResult),
})

export const ReadShareGroupStateSummaryResponse = message({
  name: 'ReadShareGroupStateSummaryResponse',
  kind: 'response',
  apiKey: 87,
  versions: '0-1',
  flexible: '0+',
  doc: 'Start offset and epochs of each partition.',
  fields: {
    results: array(ReadStateSummaryResult),
  },
})
