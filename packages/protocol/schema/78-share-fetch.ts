import {
  array,
  bool,
  int16,
  int32,
  int64,
  int8,
  message,
  of,
  records,
  string,
  struct,
  uuid,
} from './dsl.ts'

const AcknowledgementBatch = struct('AcknowledgementBatch', {
  firstOffset: int64(),
  lastOffset: int64(),
  acknowledgeTypes: array(int8()),
})

const FetchPartition = struct('FetchPartition', {
  partitionIndex: int32({ mapKey: true }),
  partitionMaxBytes: int32({ versions: '0' }),
  acknowledgementBatches: array(AcknowledgementBatch),
})

const FetchTopic = struct('FetchTopic', {
  topicId: uuid({ mapKey: true }),
  partitions: array(FetchPartition),
})

const ForgottenTopic = struct('ForgottenTopic', {
  topicId: uuid(),
  partitions: array(int32()),
})

export const ShareFetchRequest = message({
  name: 'ShareFetchRequest',
  kind: 'request',
  apiKey: 78,
  versions: '1-2',
  flexible: '0+',
  listeners: ['broker'],
  doc: "Acquires records for a share group's member; may acknowledge earlier ones (KIP-932).",
  history: {
    2: 'Acquisition by record count (KIP-1206); renewing acknowledgements (KIP-1222).',
  },
  fields: {
    groupId: string({ nullable: '0+', default: null }),
    memberId: string({ nullable: '0+' }),
    shareSessionEpoch: int32(),
    maxWaitMs: int32(),
    minBytes: int32(),
    maxBytes: int32({ default: 2147483647 }),
    maxRecords: int32({ versions: '1+' }),
    batchSize: int32({ versions: '1+' }),
    shareAcquireMode: int8({ versions: '2+', default: 0, ignorable: true }),
    isRenewAck: bool({ versions: '2+', default: false }),
    topics: array(FetchTopic),
    forgottenTopicsData: array(ForgottenTopic),
  },
})

const LeaderIdAndEpoch = struct('LeaderIdAndEpoch', {
  leaderId: int32(),
  leaderEpoch: int32(),
})

const AcquiredRecords = struct('AcquiredRecords', {
  firstOffset: int64(),
  lastOffset: int64(),
  deliveryCount: int16(),
})

const PartitionData = struct('PartitionData', {
  partitionIndex: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: '0+', default: null }),
  acknowledgeErrorCode: int16(),
  acknowledgeErrorMessage: string({ nullable: '0+', default: null }),
  currentLeader: of(LeaderIdAndEpoch),
  records: records({ nullable: '0' }),
  acquiredRecords: array(AcquiredRecords),
})

const ShareFetchableTopicResponse = struct('ShareFetchableTopicResponse', {
  topicId: uuid({ mapKey: true }),
  partitions: array(PartitionData),
})

const NodeEndpoint = struct('NodeEndpoint', {
  nodeId: int32({ mapKey: true }),
  host: string(),
  port: int32(),
  rack: string({ nullable: '0+', default: null }),
})

export const ShareFetchResponse = message({
  name: 'ShareFetchResponse',
  kind: 'response',
  apiKey: 78,
  versions: '1-2',
  flexible: '0+',
  doc: 'Record batches, and which of their records were acquired.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    acquisitionLockTimeoutMs: int32({ versions: '1+' }),
    responses: array(ShareFetchableTopicResponse),
    nodeEndpoints: array(NodeEndpoint),
  },
})
