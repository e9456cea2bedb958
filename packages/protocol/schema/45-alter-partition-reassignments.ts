import { array, bool, int16, int32, message, string, struct } from './dsl.ts'

const ReassignablePartition = struct('ReassignablePartition', {
  partitionIndex: int32(),
  replicas: array(int32(), { nullable: '0+', default: null }),
})

const ReassignableTopic = struct('ReassignableTopic', {
  name: string(),
  partitions: array(ReassignablePartition),
})

export const AlterPartitionReassignmentsRequest = message({
  name: 'AlterPartitionReassignmentsRequest',
  kind: 'request',
  apiKey: 45,
  versions: '0-1',
  flexible: '0+',
  listeners: ['broker', 'controller'],
  forwardable: true,
  doc: 'Starts, changes or cancels moves of partitions to other brokers (KIP-455).',
  history: {
    1: 'A change of the replication factor can be forbidden (KIP-860).',
  },
  fields: {
    timeoutMs: int32({ default: 60000 }),
    allowReplicationFactorChange: bool({ versions: '1+', default: true }),
    topics: array(ReassignableTopic),
  },
})

const ReassignablePartitionResponse = struct('ReassignablePartitionResponse', {
  partitionIndex: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: '0+' }),
})

const ReassignableTopicResponse = struct('ReassignableTopicResponse', {
  name: string(),
  partitions: array(ReassignablePartitionResponse),
})

export const AlterPartitionReassignmentsResponse = message({
  name: 'AlterPartitionReassignmentsResponse',
  kind: 'response',
  apiKey: 45,
  versions: '0-1',
  flexible: '0+',
  doc: 'Whether each move was accepted.',
  fields: {
    throttleTimeMs: int32(),
    allowReplicationFactorChange: bool({ versions: '1+', default: true, ignorable: true }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    responses: array(ReassignableTopicResponse),
  },
})
