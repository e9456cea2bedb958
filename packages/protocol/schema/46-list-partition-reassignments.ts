import { array, int16, int32, message, string, struct } from './dsl.ts'

const ListPartitionReassignmentsTopics = struct('ListPartitionReassignmentsTopics', {
  name: string(),
  partitionIndexes: array(int32()),
})

export const ListPartitionReassignmentsRequest = message({
  name: 'ListPartitionReassignmentsRequest',
  kind: 'request',
  apiKey: 46,
  versions: '0',
  flexible: '0+',
  listeners: ['broker', 'controller'],
  forwardable: true,
  doc: 'Asks for moves of partitions under way (KIP-455).',
  fields: {
    timeoutMs: int32({ default: 60000 }),
    topics: array(ListPartitionReassignmentsTopics, { nullable: '0+', default: null }),
  },
})

const OngoingPartitionReassignment = struct('OngoingPartitionReassignment', {
  partitionIndex: int32(),
  replicas: array(int32()),
  addingReplicas: array(int32()),
  removingReplicas: array(int32()),
})

const OngoingTopicReassignment = struct('OngoingTopicReassignment', {
  name: string(),
  partitions: array(OngoingPartitionReassignment),
})

export const ListPartitionReassignmentsResponse = message({
  name: 'ListPartitionReassignmentsResponse',
  kind: 'response',
  apiKey: 46,
  versions: '0',
  flexible: '0+',
  doc: 'Present, added and removed replicas of moving partitions.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    topics: array(OngoingTopicReassignment),
  },
})
