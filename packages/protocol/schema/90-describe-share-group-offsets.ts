import { array, int16, int32, int64, message, string, struct, uuid } from './dsl.ts'

const DescribeShareGroupOffsetsRequestTopic = struct('DescribeShareGroupOffsetsRequestTopic', {
  topicName: string(),
  partitions: array(int32()),
})

const DescribeShareGroupOffsetsRequestGroup = struct('DescribeShareGroupOffsetsRequestGroup', {
  groupId: string(),
  topics: array(DescribeShareGroupOffsetsRequestTopic, { nullable: '0+' }),
})

export const DescribeShareGroupOffsetsRequest = message({
  name: 'DescribeShareGroupOffsetsRequest',
  kind: 'request',
  apiKey: 90,
  versions: '0-1',
  flexible: '0+',
  listeners: ['broker'],
  doc: 'Asks for the start offsets of share groups (KIP-932).',
  history: {
    1: 'Lag in the answer (KIP-1226).',
  },
  fields: {
    groups: array(DescribeShareGroupOffsetsRequestGroup),
  },
})

const DescribeShareGroupOffsetsResponsePartition = struct(
  'DescribeShareGroupOffsetsResponsePartition',
  {
    partitionIndex: int32(),
    startOffset: int64(),
    leaderEpoch: int32(),
    lag: int64({ versions: '1+', default: -1, ignorable: true }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
  },
)

const DescribeShareGroupOffsetsResponseTopic = struct('DescribeShareGroupOffsetsResponseTopic', {
  topicName: string(),
  topicId: uuid(),
  partitions: array(DescribeShareGroupOffsetsResponsePartition),
})

const DescribeShareGroupOffsetsResponseGroup = struct('DescribeShareGroupOffsetsResponseGroup', {
  groupId: string(),
  topics: array(DescribeShareGroupOffsetsResponseTopic),
  errorCode: int16(),
  errorMessage: string({ nullable: '0+', default: null }),
})

export const DescribeShareGroupOffsetsResponse = message({
  name: 'DescribeShareGroupOffsetsResponse',
  kind: 'response',
  apiKey: 90,
  versions: '0-1',
  flexible: '0+',
  doc: 'Start offset of each share partition.',
  fields: {
    throttleTimeMs: int32(),
    groups: array(DescribeShareGroupOffsetsResponseGroup),
  },
})
