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
  doc: 'Asks for the offset at a timestamp, or at one of the marked places: earliest, latest and others.',
  history: {
    1: 'One offset per partition instead of a list.',
    2: 'An isolation level for readers of transactions.',
    4: "The reader's leader epoch is checked (KIP-320).",
    7: '-3 asks for the offset of the largest timestamp (KIP-734).',
    8: '-4 asks for the earliest offset on local disk (KIP-405).',
    9: '-5 asks for the last offset in remote storage (KIP-1005).',
    10: 'A timeout for lookups in remote storage (KIP-1075).',
    11: '-6 asks for the earliest offset not yet in remote storage (KIP-1023).',
  },
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
  doc: 'One offset per partition, -1 when nothing is at or after the timestamp.',
  fields: {
    throttleTimeMs: int32({ versions: '2+', ignorable: true }),
    topics: array(ListOffsetsTopicResponse),
  },
})
