import { array, int16, int32, int64, message, string, struct, uuid } from './dsl.ts'

const AlterShareGroupOffsetsRequestPartition = struct('AlterShareGroupOffsetsRequestPartition', {
  partitionIndex: int32(),
  startOffset: int64(),
})

const AlterShareGroupOffsetsRequestTopic = struct('AlterShareGroupOffsetsRequestTopic', {
  topicName: string({ mapKey: true }),
  partitions: array(AlterShareGroupOffsetsRequestPartition),
})

export const AlterShareGroupOffsetsRequest = message({
  name: 'AlterShareGroupOffsetsRequest',
  kind: 'request',
  apiKey: 91,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  doc: 'Sets the start offsets of an empty share group (KIP-932).',
  fields: {
    groupId: string(),
    topics: array(AlterShareGroupOffsetsRequestTopic),
  },
})

const AlterShareGroupOffsetsResponsePartition = struct('AlterShareGroupOffsetsResponsePartition', {
  partitionIndex: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: '0+', default: null }),
})

const AlterShareGroupOffsetsResponseTopic = struct('AlterShareGroupOffsetsResponseTopic', {
  topicName: string({ mapKey: true }),
  topicId: uuid(),
  partitions: array(AlterShareGroupOffsetsResponsePartition),
})

export const AlterShareGroupOffsetsResponse = message({
  name: 'AlterShareGroupOffsetsResponse',
  kind: 'response',
  apiKey: 91,
  versions: '0',
  flexible: '0+',
  doc: 'Whether each was set.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    responses: array(AlterShareGroupOffsetsResponseTopic),
  },
})
