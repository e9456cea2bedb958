import { array, bool, int16, int32, int64, message, string, struct } from './dsl.ts'

const AddPartitionsToTxnTopic = struct('AddPartitionsToTxnTopic', {
  name: string({ mapKey: true }),
  partitions: array(int32()),
})

const AddPartitionsToTxnTransaction = struct('AddPartitionsToTxnTransaction', {
  transactionalId: string({ versions: '4+', mapKey: true }),
  producerId: int64({ versions: '4+' }),
  producerEpoch: int16({ versions: '4+' }),
  verifyOnly: bool({ versions: '4+', default: false }),
  topics: array(AddPartitionsToTxnTopic, { versions: '4+' }),
})

export const AddPartitionsToTxnRequest = message({
  name: 'AddPartitionsToTxnRequest',
  kind: 'request',
  apiKey: 24,
  versions: '0-5',
  flexible: '3+',
  listeners: ['broker'],
  doc: 'Enlists partitions in a transaction; brokers use it to verify that they are.',
  history: {
    2: 'PRODUCER_FENCED may be answered.',
    4: 'For brokers: many transactions at once, and verification only (KIP-890).',
    5: 'TRANSACTION_ABORTABLE may be answered (KIP-890).',
  },
  fields: {
    transactions: array(AddPartitionsToTxnTransaction, { versions: '4+' }),
    v3AndBelowTransactionalId: string({ versions: '0-3' }),
    v3AndBelowProducerId: int64({ versions: '0-3' }),
    v3AndBelowProducerEpoch: int16({ versions: '0-3' }),
    v3AndBelowTopics: array(AddPartitionsToTxnTopic, { versions: '0-3' }),
  },
})

const AddPartitionsToTxnPartitionResult = struct('AddPartitionsToTxnPartitionResult', {
  partitionIndex: int32({ mapKey: true }),
  partitionErrorCode: int16(),
})

const AddPartitionsToTxnTopicResult = struct('AddPartitionsToTxnTopicResult', {
  name: string({ mapKey: true }),
  resultsByPartition: array(AddPartitionsToTxnPartitionResult),
})

const AddPartitionsToTxnResult = struct('AddPartitionsToTxnResult', {
  transactionalId: string({ versions: '4+', mapKey: true }),
  topicResults: array(AddPartitionsToTxnTopicResult, { versions: '4+' }),
})

export const AddPartitionsToTxnResponse = message({
  name: 'AddPartitionsToTxnResponse',
  kind: 'response',
  apiKey: 24,
  versions: '0-5',
  flexible: '3+',
  doc: 'Whether each partition was enlisted.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16({ versions: '4+', ignorable: true }),
    resultsByTransaction: array(AddPartitionsToTxnResult, { versions: '4+' }),
    resultsByTopicV3AndBelow: array(AddPartitionsToTxnTopicResult, { versions: '0-3' }),
  },
})
