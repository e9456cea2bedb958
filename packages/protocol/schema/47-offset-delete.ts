import { array, int16, int32, message, string, struct } from './dsl.ts'

const OffsetDeleteRequestPartition = struct('OffsetDeleteRequestPartition', {
  partitionIndex: int32(),
})

const OffsetDeleteRequestTopic = struct('OffsetDeleteRequestTopic', {
  name: string({ mapKey: true }),
  partitions: array(OffsetDeleteRequestPartition),
})

export const OffsetDeleteRequest = message({
  name: 'OffsetDeleteRequest',
  kind: 'request',
  apiKey: 47,
  versions: '0',
  flexible: 'none',
  listeners: ['broker'],
  doc: 'Deletes committed offsets of a group (KIP-496).',
  fields: {
    groupId: string(),
    topics: array(OffsetDeleteRequestTopic),
  },
})

const OffsetDeleteResponsePartition = struct('OffsetDeleteResponsePartition', {
  partitionIndex: int32({ mapKey: true }),
  errorCode: int16(),
})

const OffsetDeleteResponseTopic = struct('OffsetDeleteResponseTopic', {
  name: string({ mapKey: true }),
  partitions: array(OffsetDeleteResponsePartition),
})

export const OffsetDeleteResponse = message({
  name: 'OffsetDeleteResponse',
  kind: 'response',
  apiKey: 47,
  versions: '0',
  flexible: 'none',
  doc: 'Whether each offset was deleted.',
  fields: {
    errorCode: int16(),
    throttleTimeMs: int32({ ignorable: true }),
    topics: array(OffsetDeleteResponseTopic),
  },
})
