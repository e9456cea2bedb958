import { array, bool, int16, int32, message, of, string, struct, uuid } from './dsl.ts'

const TopicRequest = struct('TopicRequest', {
  name: string(),
})

const Cursor = struct('Cursor', {
  topicName: string(),
  partitionIndex: int32(),
})

export const DescribeTopicPartitionsRequest = message({
  name: 'DescribeTopicPartitionsRequest',
  kind: 'request',
  apiKey: 75,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  doc: 'Asks for topics page by page (KIP-966).',
  fields: {
    topics: array(TopicRequest),
    responsePartitionLimit: int32({ default: 2000 }),
    cursor: of(Cursor, { nullable: '0+', default: null }),
  },
})

const DescribeTopicPartitionsResponsePartition = struct(
  'DescribeTopicPartitionsResponsePartition',
  {
    errorCode: int16(),
    partitionIndex: int32(),
    leaderId: int32(),
    leaderEpoch: int32({ default: -1, ignorable: true }),
    replicaNodes: array(int32()),
    isrNodes: array(int32()),
    eligibleLeaderReplicas: array(int32(), { nullable: '0+', default: null }),
    lastKnownElr: array(int32(), { nullable: '0+', default: null }),
    offlineReplicas: array(int32(), { ignorable: true }),
  },
)

const DescribeTopicPartitionsResponseTopic = struct('DescribeTopicPartitionsResponseTopic', {
  errorCode: int16(),
  name: string({ nullable: '0+', mapKey: true }),
  topicId: uuid({ ignorable: true }),
  isInternal: bool({ default: false, ignorable: true }),
  partitions: array(DescribeTopicPartitionsResponsePartition),
  topicAuthorizedOperations: int32({ default: -2147483648 }),
})

export const DescribeTopicPartitionsResponse = message({
  name: 'DescribeTopicPartitionsResponse',
  kind: 'response',
  apiKey: 75,
  versions: '0',
  flexible: '0+',
  doc: 'Partitions with eligible and last known leaders, and where to go on.',
  fields: {
    throttleTimeMs: int32({ ignorable: true }),
    topics: array(DescribeTopicPartitionsResponseTopic),
    nextCursor: of(Cursor, { nullable: '0+', default: null }),
  },
})
