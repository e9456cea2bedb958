import {
  array,
  int16,
  int32,
  int64,
  int8,
  message,
  of,
  records,
  string,
  struct,
  uuid,
} from './dsl.ts'

const ReplicaState = struct('ReplicaState', {
  replicaId: int32({ versions: '15+', default: -1 }),
  replicaEpoch: int64({ versions: '15+', default: -1 }),
})

const FetchPartition = struct('FetchPartition', {
  partition: int32(),
  currentLeaderEpoch: int32({ versions: '9+', default: -1, ignorable: true }),
  fetchOffset: int64(),
  lastFetchedEpoch: int32({ versions: '12+', default: -1 }),
  logStartOffset: int64({ versions: '5+', default: -1, ignorable: true }),
  partitionMaxBytes: int32(),
  replicaDirectoryId: uuid({ versions: '17+', tag: 0, ignorable: true }),
  highWatermark: int64({
    versions: '18+',
    tag: 1,
    default: '9223372036854775807',
    ignorable: true,
    as: 'bigint',
  }),
})

const FetchTopic = struct('FetchTopic', {
  topic: string({ versions: '0-12', ignorable: true }),
  topicId: uuid({ versions: '13+', ignorable: true }),
  partitions: array(FetchPartition),
})

const ForgottenTopic = struct('ForgottenTopic', {
  topic: string({ versions: '7-12', ignorable: true }),
  topicId: uuid({ versions: '13+', ignorable: true }),
  partitions: array(int32(), { versions: '7+' }),
})

export const FetchRequest = message({
  name: 'FetchRequest',
  kind: 'request',
  apiKey: 1,
  versions: '4-18',
  flexible: '12+',
  listeners: ['broker', 'controller'],
  doc: 'Reads record batches; the broker holds the request until `minBytes` are there or `maxWaitMs` is over.',
  history: {
    7: 'Incremental fetch sessions (KIP-227).',
    9: "The reader's leader epoch is checked (KIP-320).",
    10: 'zstd compression is allowed (KIP-110).',
    11: 'Reading from the nearest replica (KIP-392).',
    12: 'A diverging epoch tells followers where to truncate (KIP-595).',
    13: 'Topic ids replace names (KIP-516).',
    14: 'Offsets that only remote storage holds are told apart (KIP-405).',
    15: "The follower's broker epoch comes along (KIP-903).",
    16: 'The answer names the new leader and its address (KIP-951).',
    17: "The follower's log directory comes along (KIP-853).",
    18: "The follower's high watermark comes along (KIP-1166).",
  },
  fields: {
    clusterId: string({ versions: '12+', nullable: '12+', tag: 0, default: null, ignorable: true }),
    replicaId: int32({ versions: '0-14', default: -1 }),
    replicaState: of(ReplicaState, { versions: '15+', tag: 1 }),
    maxWaitMs: int32(),
    minBytes: int32(),
    maxBytes: int32({ versions: '3+', default: 2147483647, ignorable: true }),
    isolationLevel: int8({ versions: '4+', default: 0, ignorable: true }),
    sessionId: int32({ versions: '7+', default: 0, ignorable: true }),
    sessionEpoch: int32({ versions: '7+', default: -1, ignorable: true }),
    topics: array(FetchTopic),
    forgottenTopicsData: array(ForgottenTopic, { versions: '7+' }),
    rackId: string({ versions: '11+', ignorable: true }),
  },
})

const EpochEndOffset = struct('EpochEndOffset', {
  epoch: int32({ versions: '12+', default: -1 }),
  endOffset: int64({ versions: '12+', default: -1 }),
})

const LeaderIdAndEpoch = struct('LeaderIdAndEpoch', {
  leaderId: int32({ versions: '12+', default: -1 }),
  leaderEpoch: int32({ versions: '12+', default: -1 }),
})

const SnapshotId = struct('SnapshotId', {
  endOffset: int64({ default: -1 }),
  epoch: int32({ default: -1 }),
})

const AbortedTransaction = struct('AbortedTransaction', {
  producerId: int64({ versions: '4+' }),
  firstOffset: int64({ versions: '4+' }),
})

const PartitionData = struct('PartitionData', {
  partitionIndex: int32(),
  errorCode: int16(),
  highWatermark: int64(),
  lastStableOffset: int64({ versions: '4+', default: -1, ignorable: true }),
  logStartOffset: int64({ versions: '5+', default: -1, ignorable: true }),
  divergingEpoch: of(EpochEndOffset, { versions: '12+', tag: 0 }),
  currentLeader: of(LeaderIdAndEpoch, { versions: '12+', tag: 1 }),
  snapshotId: of(SnapshotId, { versions: '12+', tag: 2 }),
  abortedTransactions: array(AbortedTransaction, {
    versions: '4+',
    nullable: '4+',
    ignorable: true,
  }),
  preferredReadReplica: int32({ versions: '11+', default: -1 }),
  records: records({ nullable: '0+' }),
})

const FetchableTopicResponse = struct('FetchableTopicResponse', {
  topic: string({ versions: '0-12', ignorable: true }),
  topicId: uuid({ versions: '13+', ignorable: true }),
  partitions: array(PartitionData),
})

const NodeEndpoint = struct('NodeEndpoint', {
  nodeId: int32({ versions: '16+', mapKey: true }),
  host: string({ versions: '16+' }),
  port: int32({ versions: '16+' }),
  rack: string({ versions: '16+', nullable: '16+', default: null }),
})

export const FetchResponse = message({
  name: 'FetchResponse',
  kind: 'response',
  apiKey: 1,
  versions: '4-18',
  flexible: '12+',
  doc: 'Record batches per partition, cut off at the size limits.',
  fields: {
    throttleTimeMs: int32({ versions: '1+', ignorable: true }),
    errorCode: int16({ versions: '7+', ignorable: true }),
    sessionId: int32({ versions: '7+', default: 0 }),
    responses: array(FetchableTopicResponse),
    nodeEndpoints: array(NodeEndpoint, { versions: '16+', tag: 0 }),
  },
})
