import { array, int16, int32, int64, message, string, struct } from './dsl.ts'

const TxnOffsetCommitRequestPartition = struct('TxnOffsetCommitRequestPartition', {
  partitionIndex: int32(),
  committedOffset: int64(),
  committedLeaderEpoch: int32({ versions: '2+', default: -1, ignorable: true }),
  committedMetadata: string({ nullable: '0+' }),
})

const TxnOffsetCommitRequestTopic = struct('TxnOffsetCommitRequestTopic', {
  name: string(),
  partitions: array(TxnOffsetCommitRequestPartition),
})

export const TxnOffsetCommitRequest = message({
  name: 'TxnOffsetCommitRequest',
  kind: 'request',
  apiKey: 28,
  versions: '0-5',
  flexible: '3+',
  listeners: ['broker'],
  doc: "Stores a group's offsets as part of a transaction.",
  history: {
    2: 'Leader epoch of the offset (KIP-320).',
    3: 'Member and generation, so that zombies are fenced (KIP-447).',
    4: 'TRANSACTION_ABORTABLE may be answered (KIP-890).',
    5: "Enlists the group's offsets partition by itself (KIP-890).",
  },
  fields: {
    transactionalId: string(),
    groupId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    generationId: int32({ versions: '3+', default: -1 }),
    memberId: string({ versions: '3+' }),
    groupInstanceId: string({ versions: '3+', nullable: '3+', default: null }),
    topics: array(TxnOffsetCommitRequestTopic),
  },
})

const TxnOffsetCommitResponsePartition = struct('TxnOffsetCommitResponsePartition', {
  partitionIndex: int32(),
  errorCode: int16(),
})

const TxnOffsetCommitResponseTopic = struct('TxnOffsetCommitResponseTopic', {
  name: string(),
  partitions: array(TxnOffsetCommitResponsePartition),
})

export const TxnOffsetCommitResponse = message({
  name: 'TxnOffsetCommitResponse',
  kind: 'response',
  apiKey: 28,
  versions: '0-5',
  flexible: '3+',
  doc: 'Whether each offset was accepted.',
  fields: {
    throttleTimeMs: int32(),
    topics: array(TxnOffsetCommitResponseTopic),
  },
})
