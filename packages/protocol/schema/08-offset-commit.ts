import { array, int16, int32, int64, message, string, struct, uuid } from './dsl.ts'

const OffsetCommitRequestPartition = struct('OffsetCommitRequestPartition', {
  partitionIndex: int32(),
  committedOffset: int64(),
  committedLeaderEpoch: int32({ versions: '6+', default: -1, ignorable: true }),
  committedMetadata: string({ nullable: '0+' }),
})

const OffsetCommitRequestTopic = struct('OffsetCommitRequestTopic', {
  name: string({ versions: '0-9', ignorable: true }),
  topicId: uuid({ versions: '10+', ignorable: true }),
  partitions: array(OffsetCommitRequestPartition),
})

export const OffsetCommitRequest = message({
  name: 'OffsetCommitRequest',
  kind: 'request',
  apiKey: 8,
  versions: '2-10',
  flexible: '8+',
  listeners: ['broker'],
  doc: 'Stores the offsets up to which a group has read.',
  history: {
    2: "Retention of the group's offsets as a whole.",
    5: "Retention is the broker's setting alone.",
    6: 'Leader epoch of the offset (KIP-320).',
    7: 'Static members (KIP-345).',
    9: 'Member epochs of the consumer protocol (KIP-848).',
    10: 'Topic ids replace names (KIP-848).',
  },
  fields: {
    groupId: string(),
    generationIdOrMemberEpoch: int32({ versions: '1+', default: -1, ignorable: true }),
    memberId: string({ versions: '1+', ignorable: true }),
    groupInstanceId: string({ versions: '7+', nullable: '7+', default: null }),
    retentionTimeMs: int64({ versions: '2-4', default: -1, ignorable: true, as: 'saturate' }),
    topics: array(OffsetCommitRequestTopic),
  },
})

const OffsetCommitResponsePartition = struct('OffsetCommitResponsePartition', {
  partitionIndex: int32(),
  errorCode: int16(),
})

const OffsetCommitResponseTopic = struct('OffsetCommitResponseTopic', {
  name: string({ versions: '0-9', ignorable: true }),
  topicId: uuid({ versions: '10+', ignorable: true }),
  partitions: array(OffsetCommitResponsePartition),
})

export const OffsetCommitResponse = message({
  name: 'OffsetCommitResponse',
  kind: 'response',
  apiKey: 8,
  versions: '2-10',
  flexible: '8+',
  doc: 'Whether each offset was stored.',
  fields: {
    throttleTimeMs: int32({ versions: '3+', ignorable: true }),
    topics: array(OffsetCommitResponseTopic),
  },
})
