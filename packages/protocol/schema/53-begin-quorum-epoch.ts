import { array, int16, int32, message, string, struct, uint16, uuid } from './dsl.ts'

const PartitionData = struct('PartitionData', {
  partitionIndex: int32(),
  voterDirectoryId: uuid({ versions: '1+', ignorable: true }),
  leaderId: int32(),
  leaderEpoch: int32(),
})

const TopicData = struct('TopicData', {
  topicName: string(),
  partitions: array(PartitionData),
})

const LeaderEndpoint = struct('LeaderEndpoint', {
  name: string({ versions: '1+', mapKey: true }),
  host: string({ versions: '1+' }),
  port: uint16({ versions: '1+' }),
})

export const BeginQuorumEpochRequest = message({
  name: 'BeginQuorumEpochRequest',
  kind: 'request',
  apiKey: 53,
  versions: '0-1',
  flexible: '1+',
  listeners: ['controller'],
  clusterAction: true,
  doc: 'KRaft: a new leader announces itself (KIP-595).',
  history: {
    1: "Voter keys and the leader's endpoints (KIP-853).",
  },
  fields: {
    clusterId: string({ nullable: '0+', default: null }),
    voterId: int32({ versions: '1+', default: -1, ignorable: true }),
    topics: array(TopicData),
    leaderEndpoints: array(LeaderEndpoint, { versions: '1+', ignorable: true }),
  },
})

const BeginQuorumEpochResponsePartitionData = struct('BeginQuorumEpochResponsePartitionData', {
  partitionIndex: int32(),
  errorCode: int16(),
  leaderId: int32(),
  leaderEpoch: int32(),
})

const BeginQuorumEpochResponseTopicData = struct('BeginQuorumEpochResponseTopicData', {
  topicName: string(),
  partitions: array(BeginQuorumEpochResponsePartitionData),
})

const NodeEndpoint = struct('NodeEndpoint', {
  nodeId: int32({ versions: '1+', mapKey: true }),
  host: string({ versions: '1+' }),
  port: uint16({ versions: '1+' }),
})

export const BeginQuorumEpochResponse = message({
  name: 'BeginQuorumEpochResponse',
  kind: 'response',
  apiKey: 53,
  versions: '0-1',
  flexible: '1+',
  doc: 'Whether it was accepted.',
  fields: {
    errorCode: int16(),
    topics: array(BeginQuorumEpochResponseTopicData),
    nodeEndpoints: array(NodeEndpoint, { versions: '1+', tag: 0 }),
  },
})
