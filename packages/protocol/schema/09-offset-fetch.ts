import { array, bool, int16, int32, int64, message, string, struct, uuid } from './dsl.ts'

const OffsetFetchRequestTopic = struct('OffsetFetchRequestTopic', {
  name: string({ versions: '0-7' }),
  partitionIndexes: array(int32(), { versions: '0-7' }),
})

const OffsetFetchRequestTopics = struct('OffsetFetchRequestTopics', {
  name: string({ versions: '8-9', ignorable: true }),
  topicId: uuid({ versions: '10+', ignorable: true }),
  partitionIndexes: array(int32(), { versions: '8+' }),
})

const OffsetFetchRequestGroup = struct('OffsetFetchRequestGroup', {
  groupId: string({ versions: '8+' }),
  memberId: string({ versions: '9+', nullable: '9+', default: null, ignorable: true }),
  memberEpoch: int32({ versions: '9+', default: -1, ignorable: true }),
  topics: array(OffsetFetchRequestTopics, { versions: '8+', nullable: '8+' }),
})

export const OffsetFetchRequest = message({
  name: 'OffsetFetchRequest',
  kind: 'request',
  apiKey: 9,
  versions: '1-10',
  flexible: '6+',
  listeners: ['broker'],
  doc: 'Asks for the committed offsets of groups.',
  history: {
    2: 'null asks for all topics; a top level error code.',
    5: 'Leader epoch of the offset (KIP-320).',
    7: 'Offsets of open transactions can be refused (KIP-447).',
    8: 'Many groups in one request (KIP-709).',
    9: 'Member epochs of the consumer protocol (KIP-848).',
    10: 'Topic ids replace names (KIP-848).',
  },
  fields: {
    groupId: string({ versions: '0-7' }),
    topics: array(OffsetFetchRequestTopic, { versions: '0-7', nullable: '2-7' }),
    groups: array(OffsetFetchRequestGroup, { versions: '8+' }),
    requireStable: bool({ versions: '7+', default: false }),
  },
})

const OffsetFetchResponsePartition = struct('OffsetFetchResponsePartition', {
  partitionIndex: int32({ versions: '0-7' }),
  committedOffset: int64({ versions: '0-7' }),
  committedLeaderEpoch: int32({ versions: '5-7', default: -1, ignorable: true }),
  metadata: string({ versions: '0-7', nullable: '0-7' }),
  errorCode: int16({ versions: '0-7' }),
})

const OffsetFetchResponseTopic = struct('OffsetFetchResponseTopic', {
  name: string({ versions: '0-7' }),
  partitions: array(OffsetFetchResponsePartition, { versions: '0-7' }),
})

const OffsetFetchResponsePartitions = struct('OffsetFetchResponsePartitions', {
  partitionIndex: int32({ versions: '8+' }),
  committedOffset: int64({ versions: '8+' }),
  committedLeaderEpoch: int32({ versions: '8+', default: -1, ignorable: true }),
  metadata: string({ versions: '8+', nullable: '8+' }),
  errorCode: int16({ versions: '8+' }),
})

const OffsetFetchResponseTopics = struct('OffsetFetchResponseTopics', {
  name: string({ versions: '8-9', ignorable: true }),
  topicId: uuid({ versions: '10+', ignorable: true }),
  partitions: array(OffsetFetchResponsePartitions, { versions: '8+' }),
})

const OffsetFetchResponseGroup = struct('OffsetFetchResponseGroup', {
  groupId: string({ versions: '8+' }),
  topics: array(OffsetFetchResponseTopics, { versions: '8+' }),
  errorCode: int16({ versions: '8+', default: 0 }),
})

export const OffsetFetchResponse = message({
  name: 'OffsetFetchResponse',
  kind: 'response',
  apiKey: 9,
  versions: '1-10',
  flexible: '6+',
  doc: 'Committed offsets, -1 for a partition without one.',
  fields: {
    throttleTimeMs: int32({ versions: '3+', ignorable: true }),
    topics: array(OffsetFetchResponseTopic, { versions: '0-7' }),
    errorCode: int16({ versions: '2-7', default: 0, ignorable: true }),
    groups: array(OffsetFetchResponseGroup, { versions: '8+' }),
  },
})
