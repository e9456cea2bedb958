import { array, int16, int32, message, string, struct, uint16, uuid } from './dsl.ts'

const ReplicaInfo = struct('ReplicaInfo', {
  candidateId: int32({ versions: '1+' }),
  candidateDirectoryId: uuid({ versions: '1+' }),
})

const PartitionData = struct('PartitionData', {
  partitionIndex: int32(),
  leaderId: int32(),
  leaderEpoch: int32(),
  preferredSuccessors: array(int32(), { versions: '0', ignorable: true }),
  preferredCandidates: array(ReplicaInfo, { versions: '1+', ignorable: true }),
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

export const EndQuorumEpochRequest = message({
  name: 'EndQuorumEpochRequest',
  kind: 'request',
  apiKey: 54,
  versions: '0-1',
  flexible: '1+',
  listeners: ['controller'],
  clusterAction: true,
  doc: 'KRaft: a leader steps down and names successors (KIP-595).',
  history: {
    1: 'Candidates with their directories, and endpoints (KIP-853).',
  },
  fields: {
    clusterId: string({ nullable: '0+', default: null }),
    topics: array(TopicData),
    leaderEndpoints: array(LeaderEndpoint, { versions: '1+', ignorable: true }),
  },
})

const EndQuorumEpochResponsePartitionData = struct('EndQuorumEpochResponsePartitionData', {
  partitionIndex: int32(),
  errorCode: int16(),
  leaderId: int32(),
  leaderEpoch: int32(),
})

const EndQuorumEpochResponseTopicData = struct('EndQuorumEpochResponseTopicData', {
  topicName: string(),
  partitions: array(EndQuorumEpochResponsePartitionData),
})

const NodeEndpoint = struct('NodeEndpoint', {
  nodeId: int32({ versions: '1+', mapKey: true }),
  host: string({ versions: '1+' }),
  port: uint16({ versions: '1+' }),
})

export const EndQuorumEpochResponse = message({
  name: 'EndQuorumEpochResponse',
  kind: 'response',
  apiKey: 54,
  versions: '0-1',
  flexible: '1+',
  doc: 'Whether it was accepted.',
  fields: {
    errorCode: int16(),
    topics: array(EndQuorumEpochResponseTopicData),
    nodeEndpoints: array(NodeEndpoint, { versions: '1+', tag: 0 }),
  },
})
