import { array, bool, int16, int32, message, string, struct, uuid } from './dsl.ts'

const MetadataRequestTopic = struct('MetadataRequestTopic', {
  topicId: uuid({ versions: '10+', ignorable: true }),
  name: string({ nullable: '10+' }),
})

export const MetadataRequest = message({
  name: 'MetadataRequest',
  kind: 'request',
  apiKey: 3,
  versions: '0-13',
  flexible: '9+',
  listeners: ['broker'],
  doc: 'Asks for the brokers and for topics with their partitions; may create topics.',
  history: {
    1: 'null asks for all topics, an empty list for none; rack, controller and internal topics in the answer.',
    2: 'Cluster id in the answer.',
    4: 'Creation of missing topics can be turned off.',
    5: 'Offline replicas in the answer.',
    7: 'Leader epochs in the answer.',
    8: 'Authorized operations on request (KIP-430).',
    10: 'Topic ids in the answer (KIP-516).',
    11: 'Authorized operations of the cluster moved to DescribeCluster (KIP-700).',
    12: 'Topics can be asked for by id (KIP-516).',
    13: 'A top level error code (KIP-1102).',
  },
  fields: {
    topics: array(MetadataRequestTopic, { nullable: '1+' }),
    allowAutoTopicCreation: bool({ versions: '4+', default: true }),
    includeClusterAuthorizedOperations: bool({ versions: '8-10' }),
    includeTopicAuthorizedOperations: bool({ versions: '8+' }),
  },
})

const MetadataResponseBroker = struct('MetadataResponseBroker', {
  nodeId: int32({ mapKey: true }),
  host: string(),
  port: int32(),
  rack: string({ versions: '1+', nullable: '1+', default: null, ignorable: true }),
})

const MetadataResponsePartition = struct('MetadataResponsePartition', {
  errorCode: int16(),
  partitionIndex: int32(),
  leaderId: int32(),
  leaderEpoch: int32({ versions: '7+', default: -1, ignorable: true }),
  replicaNodes: array(int32()),
  isrNodes: array(int32()),
  offlineReplicas: array(int32(), { versions: '5+', ignorable: true }),
})

const MetadataResponseTopic = struct('MetadataResponseTopic', {
  errorCode: int16(),
  name: string({ nullable: '12+', mapKey: true }),
  topicId: uuid({ versions: '10+', ignorable: true }),
  isInternal: bool({ versions: '1+', default: false, ignorable: true }),
  partitions: array(MetadataResponsePartition),
  topicAuthorizedOperations: int32({ versions: '8+', default: -2147483648 }),
})

export const MetadataResponse = message({
  name: 'MetadataResponse',
  kind: 'response',
  apiKey: 3,
  versions: '0-13',
  flexible: '9+',
  doc: 'Brokers, controller, and the leader, replicas and ISR of each partition.',
  fields: {
    throttleTimeMs: int32({ versions: '3+', ignorable: true }),
    brokers: array(MetadataResponseBroker),
    clusterId: string({ versions: '2+', nullable: '2+', default: null, ignorable: true }),
    controllerId: int32({ versions: '1+', default: -1, ignorable: true }),
    topics: array(MetadataResponseTopic),
    clusterAuthorizedOperations: int32({ versions: '8-10', default: -2147483648 }),
    errorCode: int16({ versions: '13+', ignorable: true }),
  },
})
