import { array, bool, int16, int32, int64, message, string, struct, uint16, uuid } from './dsl.ts'

const PartitionData = struct('PartitionData', {
  partitionIndex: int32(),
  replicaEpoch: int32(),
  replicaId: int32(),
  replicaDirectoryId: uuid({ versions: '1+', ignorable: true }),
  voterDirectoryId: uuid({ versions: '1+', ignorable: true }),
  lastOffsetEpoch: int32(),
  lastOffset: int64(),
  preVote: bool({ versions: '2+' }),
})

const TopicData = struct('TopicData', {
  topicName: string(),
  partitions: array(PartitionData),
})

export const VoteRequest = message({
  name: 'VoteRequest',
  kind: 'request',
  apiKey: 52,
  versions: '0-2',
  flexible: '0+',
  listeners: ['controller'],
  clusterAction: true,
  doc: 'KRaft: asks a voter for its vote (KIP-595).',
  history: {
    1: 'Voters are known by node and directory (KIP-853).',
    2: 'Votes on trial before an election (KIP-996).',
  },
  fields: {
    clusterId: string({ nullable: '0+', default: null }),
    voterId: int32({ versions: '1+', default: -1, ignorable: true }),
    topics: array(TopicData),
  },
})

const VoteResponsePartitionData = struct('VoteResponsePartitionData', {
  partitionIndex: int32(),
  errorCode: int16(),
  leaderId: int32(),
  leaderEpoch: int32(),
  voteGranted: bool(),
})

const VoteResponseTopicData = struct('VoteResponseTopicData', {
  topicName: string(),
  partitions: array(VoteResponsePartitionData),
})

const NodeEndpoint = struct('NodeEndpoint', {
  nodeId: int32({ versions: '1+', mapKey: true }),
  host: string({ versions: '1+' }),
  port: uint16({ versions: '1+' }),
})

export const VoteResponse = message({
  name: 'VoteResponse',
  kind: 'response',
  apiKey: 52,
  versions: '0-2',
  flexible: '0+',
  doc: 'Whether the vote was granted.',
  fields: {
    errorCode: int16(),
    topics: array(VoteResponseTopicData),
    nodeEndpoints: array(NodeEndpoint, { versions: '1+', tag: 0 }),
  },
})
