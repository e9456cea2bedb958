import { array, int16, int32, int8, message, string, struct } from './dsl.ts'

const TopicPartitions = struct('TopicPartitions', {
  topic: string({ mapKey: true }),
  partitions: array(int32()),
})

export const ElectLeadersRequest = message({
  name: 'ElectLeadersRequest',
  kind: 'request',
  apiKey: 43,
  versions: '0-2',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  forwardable: true,
  doc: 'Elects leaders: the preferred replicas, or any replica that is left.',
  history: {
    1: 'Unclean elections (KIP-460).',
  },
  fields: {
    electionType: int8({ versions: '1+' }),
    topicPartitions: array(TopicPartitions, { nullable: '0+' }),
    timeoutMs: int32({ default: 60000 }),
  },
})

const PartitionResult = struct('PartitionResult', {
  partitionId: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: '0+' }),
})

const ReplicaElectionResult = struct('ReplicaElectionResult', {
  topic: string(),
  partitionResult: array(PartitionResult),
})

export const ElectLeadersResponse = message({
  name: 'ElectLeadersResponse',
  kind: 'response',
  apiKey: 43,
  versions: '0-2',
  flexible: '2+',
  doc: 'Whether each election took place.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16({ versions: '1+' }),
    replicaElectionResults: array(ReplicaElectionResult),
  },
})
