import {
  array,
  int16,
  int32,
  int64,
  message,
  of,
  records,
  string,
  struct,
  uint16,
  uuid,
} from './dsl.ts'

const SnapshotId = struct('SnapshotId', {
  endOffset: int64(),
  epoch: int32(),
})

const PartitionSnapshot = struct('PartitionSnapshot', {
  partition: int32(),
  currentLeaderEpoch: int32(),
  snapshotId: of(SnapshotId),
  position: int64(),
  replicaDirectoryId: uuid({ versions: '1+', tag: 0, ignorable: true }),
})

const TopicSnapshot = struct('TopicSnapshot', {
  name: string(),
  partitions: array(PartitionSnapshot),
})

export const FetchSnapshotRequest = message({
  name: 'FetchSnapshotRequest',
  kind: 'request',
  apiKey: 59,
  versions: '0-1',
  flexible: '0+',
  listeners: ['controller'],
  doc: 'KRaft: reads a part of a metadata snapshot (KIP-630).',
  history: {
    1: "The replica's directory; endpoints in the answer (KIP-853).",
  },
  fields: {
    clusterId: string({ nullable: '0+', tag: 0, default: null }),
    replicaId: int32({ default: -1 }),
    maxBytes: int32({ default: 2147483647 }),
    topics: array(TopicSnapshot),
  },
})

const LeaderIdAndEpoch = struct('LeaderIdAndEpoch', {
  leaderId: int32(),
  leaderEpoch: int32(),
})

const FetchSnapshotResponsePartitionSnapshot = struct('FetchSnapshotResponsePartitionSnapshot', {
  index: int32(),
  errorCode: int16(),
  snapshotId: of(SnapshotId),
  currentLeader: of(LeaderIdAndEpoch, { tag: 0 }),
  size: int64(),
  position: int64(),
  unalignedRecords: records(),
})

const FetchSnapshotResponseTopicSnapshot = struct('FetchSnapshotResponseTopicSnapshot', {
  name: string(),
  partitions: array(FetchSnapshotResponsePartitionSnapshot),
})

const NodeEndpoint = struct('NodeEndpoint', {
  nodeId: int32({ versions: '1+', mapKey: true }),
  host: string({ versions: '1+' }),
  port: uint16({ versions: '1+' }),
})

export const FetchSnapshotResponse = message({
  name: 'FetchSnapshotResponse',
  kind: 'response',
  apiKey: 59,
  versions: '0-1',
  flexible: '0+',
  doc: 'Bytes of the snapshot.',
  fields: {
    throttleTimeMs: int32({ ignorable: true }),
    errorCode: int16(),
    topics: array(FetchSnapshotResponseTopicSnapshot),
    nodeEndpoints: array(NodeEndpoint, { versions: '1+', tag: 0 }),
  },
})
