import { array, int16, int32, int64, message, string, struct } from './dsl.ts'

const OffsetForLeaderPartition = struct('OffsetForLeaderPartition', {
  partition: int32(),
  currentLeaderEpoch: int32({ versions: '2+', default: -1, ignorable: true }),
  leaderEpoch: int32(),
})

const OffsetForLeaderTopic = struct('OffsetForLeaderTopic', {
  topic: string({ mapKey: true }),
  partitions: array(OffsetForLeaderPartition),
})

export const OffsetForLeaderEpochRequest = message({
  name: 'OffsetForLeaderEpochRequest',
  kind: 'request',
  apiKey: 23,
  versions: '2-4',
  flexible: '4+',
  listeners: ['broker'],
  doc: 'Asks where a leader epoch ended, to find where two logs diverge.',
  history: {
    2: "The asker's leader epoch is checked (KIP-320).",
    3: 'Replica id, so that consumers see no further than the high watermark.',
  },
  fields: {
    replicaId: int32({ versions: '3+', default: -2, ignorable: true }),
    topics: array(OffsetForLeaderTopic),
  },
})

const EpochEndOffset = struct('EpochEndOffset', {
  errorCode: int16(),
  partition: int32(),
  leaderEpoch: int32({ versions: '1+', default: -1, ignorable: true }),
  endOffset: int64({ default: -1 }),
})

const OffsetForLeaderTopicResult = struct('OffsetForLeaderTopicResult', {
  topic: string({ mapKey: true }),
  partitions: array(EpochEndOffset),
})

export const OffsetForLeaderEpochResponse = message({
  name: 'OffsetForLeaderEpochResponse',
  kind: 'response',
  apiKey: 23,
  versions: '2-4',
  flexible: '4+',
  doc: 'The epoch found and its end offset.',
  fields: {
    throttleTimeMs: int32({ versions: '2+', ignorable: true }),
    topics: array(OffsetForLeaderTopicResult),
  },
})
