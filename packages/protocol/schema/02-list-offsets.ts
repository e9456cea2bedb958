import { array, int16, int32, int64, int8, message, string, struct } from './dsl.ts'

const ListOffsetsPartition = struct('ListOffsetsPartition', {
  partitionIndex: int32(),
  currentLeaderEpoch: int32({ versions: '4+', default: -1, ignorable: true }),
  timestamp: int64({ as: 'saturate' }),
})

const ListOffsetsTopic = struct('ListOffsetsTopic', {
  name: string(),
  partitions: array(ListOffsetsPartition),
})

export const ListOffsetsRequest = message({
  name: 'ListOffsetsRequest',
  kind: 'request',
  apiKey: 2,
  versions: '1-11',
  flexible: '6+',
  listeners: ['broker'],
  fields: {
    replicaId: int32(),
    isolationLevel: int8({ versions: '2+' }),
    topics: array(ListOffsetsTopic),
    timeoutMs: int32({ versions: '10+', ignorable: true }),
  },
})

const ListOffsetsPartitionResponse = struct('ListOffsetsPartitionResponse', {
  partitionIndex: int32(),
  errorCode: int16(),
  timestamp: int64({ versions: '1+', default: -1, as: 'saturate' }),
  offset: int64({ versions: '1+', default: -1 }),
  leaderEpoch: int32({ versions: '4+', default: -1 }),
})

const ListOffsetsTopicResponse = struct('ListOffsetsTopicResponse', {
  name: string(),
  partitions: array(ListOffsetsPartitionResponse),
})

export const ListOffsetsResponse = message({
  name: 'ListOffsetsResponse',
  kind: 'response',
  apiKey: 2,
  versions: '1-11',
  flexible: '6+',
  fields: {
    throttleTimeMs: int32({ versions: '2+', ignorable: true }),
    topics: array(ListOffsetsTopicResponse),
  },
})
