import { array, bool, int16, int32, int64, int8, message, of, string, struct, uuid } from './dsl.ts'

const AcknowledgementBatch = struct('AcknowledgementBatch', {
  firstOffset: int64(),
  lastOffset: int64(),
  acknowledgeTypes: array(int8()),
})

const AcknowledgePartition = struct('AcknowledgePartition', {
  partitionIndex: int32({ mapKey: true }),
  acknowledgementBatches: array(AcknowledgementBatch),
})

const AcknowledgeTopic = struct('AcknowledgeTopic', {
  topicId: uuid({ mapKey: true }),
  partitions: array(AcknowledgePartition),
})

export const ShareAcknowledgeRequest = message({
  name: 'ShareAcknowledgeRequest',
  kind: 'request',
  apiKey: 79,
  versions: '1-2',
  flexible: '0+',
  listeners: ['broker'],
  doc: 'Acknowledges acquired records (KIP-932).',
  history: {
    2: 'Renewing acknowledgements (KIP-1222).',
  },
  fields: {
    groupId: string({ nullable: '0+', default: null }),
    memberId: string({ nullable: '0+' }),
    shareSessionEpoch: int32(),
    isRenewAck: bool({ versions: '2+', default: false }),
    topics: array(AcknowledgeTopic),
  },
})

const LeaderIdAndEpoch = struct('LeaderIdAndEpoch', {
  leaderId: int32(),
  leaderEpoch: int32(),
})

const PartitionData = struct('PartitionData', {
  partitionIndex: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: '0+', default: null }),
  currentLeader: of(LeaderIdAndEpoch),
})

const ShareAcknowledgeTopicResponse = struct('ShareAcknowledgeTopicResponse', {
  topicId: uuid({ mapKey: true }),
  partitions: array(PartitionData),
})

const NodeEndpoint = struct('NodeEndpoint', {
  nodeId: int32({ mapKey: true }),
  host: string(),
  port: int32(),
  rack: string({ nullable: '0+', default: null }),
})

export const ShareAcknowledgeResponse = message({
  name: 'ShareAcknowledgeResponse',
  kind: 'response',
  apiKey: 79,
  versions: '1-2',
  flexible: '0+',
  doc: "Whether each partition's acknowledgements were taken.",
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    acquisitionLockTimeoutMs: int32({ versions: '2+', ignorable: true }),
    responses: array(ShareAcknowledgeTopicResponse),
    nodeEndpoints: array(NodeEndpoint),
  },
})
