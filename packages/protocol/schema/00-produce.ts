import { array, int16, int32, int64, message, of, records, string, struct, uuid } from './dsl.ts'

const PartitionProduceData = struct('PartitionProduceData', {
  index: int32(),
  records: records({ nullable: '0+' }),
})

const TopicProduceData = struct('TopicProduceData', {
  name: string({ versions: '0-12', ignorable: true, mapKey: true }),
  topicId: uuid({ versions: '13+', ignorable: true, mapKey: true }),
  partitionData: array(PartitionProduceData),
})

export const ProduceRequest = message({
  name: 'ProduceRequest',
  kind: 'request',
  apiKey: 0,
  versions: '3-13',
  flexible: '9+',
  listeners: ['broker'],
  advertisedFrom: 0,
  doc: 'Appends record batches to partitions.',
  history: {
    3: 'Transactional ids; record batches of magic 2.',
    7: 'zstd compression is allowed (KIP-110).',
    8: 'Errors name the records at fault (KIP-467).',
    10: 'The answer names the new leader (KIP-951).',
    11: 'TRANSACTION_ABORTABLE may be answered (KIP-890).',
    12: 'A transactional batch enlists its partition by itself (KIP-890).',
    13: 'Topic ids replace names (KIP-516).',
  },
  fields: {
    transactionalId: string({ versions: '3+', nullable: '3+', default: null }),
    acks: int16(),
    timeoutMs: int32(),
    topicData: array(TopicProduceData),
  },
})

const BatchIndexAndErrorMessage = struct('BatchIndexAndErrorMessage', {
  batchIndex: int32({ versions: '8+' }),
  batchIndexErrorMessage: string({ versions: '8+', nullable: '8+', default: null }),
})

const LeaderIdAndEpoch = struct('LeaderIdAndEpoch', {
  leaderId: int32({ versions: '10+', default: -1 }),
  leaderEpoch: int32({ versions: '10+', default: -1 }),
})

const PartitionProduceResponse = struct('PartitionProduceResponse', {
  index: int32(),
  errorCode: int16(),
  baseOffset: int64(),
  logAppendTimeMs: int64({ versions: '2+', default: -1, ignorable: true, as: 'saturate' }),
  logStartOffset: int64({ versions: '5+', default: -1, ignorable: true }),
  recordErrors: array(BatchIndexAndErrorMessage, { versions: '8+', ignorable: true }),
  errorMessage: string({ versions: '8+', nullable: '8+', default: null, ignorable: true }),
  currentLeader: of(LeaderIdAndEpoch, { versions: '10+', tag: 0 }),
})

const TopicProduceResponse = struct('TopicProduceResponse', {
  name: string({ versions: '0-12', ignorable: true, mapKey: true }),
  topicId: uuid({ versions: '13+', ignorable: true, mapKey: true }),
  partitionResponses: array(PartitionProduceResponse),
})

const NodeEndpoint = struct('NodeEndpoint', {
  nodeId: int32({ versions: '10+', mapKey: true }),
  host: string({ versions: '10+' }),
  port: int32({ versions: '10+' }),
  rack: string({ versions: '10+', nullable: '10+', default: null }),
})

export const ProduceResponse = message({
  name: 'ProduceResponse',
  kind: 'response',
  apiKey: 0,
  versions: '3-13',
  flexible: '9+',
  doc: 'Where each batch went, or why it was refused.',
  fields: {
    responses: array(TopicProduceResponse),
    throttleTimeMs: int32({ versions: '1+', default: 0, ignorable: true }),
    nodeEndpoints: array(NodeEndpoint, { versions: '10+', tag: 0 }),
  },
})
