import { array, int16, int32, int64, message, string, struct } from './dsl.ts'

export const DescribeTransactionsRequest = message({
  name: 'DescribeTransactionsRequest',
  kind: 'request',
  apiKey: 65,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  doc: 'Asks for the state of transactional ids (KIP-664).',
  fields: {
    transactionalIds: array(string()),
  },
})

const TopicData = struct('TopicData', {
  topic: string({ mapKey: true }),
  partitions: array(int32()),
})

const TransactionState = struct('TransactionState', {
  errorCode: int16(),
  transactionalId: string(),
  transactionState: string(),
  transactionTimeoutMs: int32(),
  transactionStartTimeMs: int64({ as: 'saturate' }),
  producerId: int64(),
  producerEpoch: int16(),
  topics: array(TopicData),
})

export const DescribeTransactionsResponse = message({
  name: 'DescribeTransactionsResponse',
  kind: 'response',
  apiKey: 65,
  versions: '0',
  flexible: '0+',
  doc: 'State, producer and partitions of each.',
  fields: {
    throttleTimeMs: int32(),
    transactionStates: array(TransactionState),
  },
})
