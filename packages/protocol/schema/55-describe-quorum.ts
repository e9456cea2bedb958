import { array, int16, int32, int64, message, string, struct, uint16, uuid } from './dsl.ts'

const PartitionData = struct('PartitionData', {
  partitionIndex: int32(),
})

const TopicData = struct('TopicData', {
  topicName: string(),
  partitions: array(PartitionData),
})

export const DescribeQuorumRequest = message({
  name: 'DescribeQuorumRequest',
  kind: 'request',
  apiKey: 55,
  versions: '0-2',
  flexible: '0+',
  listeners: ['broker', 'controller'],
  forwardable: true,
  clusterAction: true,
  doc: 'Asks for leader, voters and observers of the metadata quorum (KIP-595).',
  history: {
    1: 'Times of the last fetch and of the last time caught up (KIP-836).',
    2: 'Directories and endpoints of the nodes (KIP-853).',
  },
  fields: {
    topics: array(TopicData),
  },
})

const ReplicaState = struct('ReplicaState', {
  replicaId: int32(),
  replicaDirectoryId: uuid({ versions: '2+' }),
  logEndOffset: int64(),
  lastFetchTimestamp: int64({ versions: '1+', default: -1, ignorable: true, as: 'saturate' }),
  lastCaughtUpTimestamp: int64({ versions: '1+', default: -1, ignorable: true, as: 'saturate' }),
})

const DescribeQuorumResponsePartitionData = struct('DescribeQuorumResponsePartitionData', {
  partitionIndex: int32(),
  errorCode: int16(),
  errorMessage: string({ versions: '2+', nullable: '2+', ignorable: true }),
  leaderId: int32(),
  leaderEpoch: int32(),
  highWatermark: int64(),
  currentVoters: array(ReplicaState),
  observers: array(ReplicaState),
})

const DescribeQuorumResponseTopicData = struct('DescribeQuorumResponseTopicData', {
  topicName: string(),
  partitions: array(DescribeQuorumResponsePartitionData),
})

const Listener = struct('Listener', {
  name: string({ versions: '2+', mapKey: true }),
  host: string({ versions: '2+' }),
  port: uint16({ versions: '2+' }),
})

const Node = struct('Node', {
  nodeId: int32({ versions: '2+', mapKey: true }),
  listeners: array(Listener, { versions: '2+' }),
})

export const DescribeQuorumResponse = message({
  name: 'DescribeQuorumResponse',
  kind: 'response',
  apiKey: 55,
  versions: '0-2',
  flexible: '0+',
  doc: 'How far each replica is.',
  fields: {
    errorCode: int16(),
    errorMessage: string({ versions: '2+', nullable: '2+', ignorable: true }),
    topics: array(DescribeQuorumResponseTopicData),
    nodes: array(Node, { versions: '2+' }),
  },
})
