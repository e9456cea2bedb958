import { array, int16, int32, int64, message, string, struct } from './dsl.ts'

const TopicRequest = struct('TopicRequest', {
  name: string(),
  partitionIndexes: array(int32()),
})

export const DescribeProducersRequest = message({
  name: 'DescribeProducersRequest',
  kind: 'request',
  apiKey: 61,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  doc: 'Asks for the active producers of partitions (KIP-664).',
  fields: {
    topics: array(TopicRequest),
  },
})

const ProducerState = struct('ProducerState', {
  producerId: int64(),
  producerEpoch: int32(),
  lastSequence: int32({ default: -1 }),
  lastTimestamp: int64({ default: -1, as: 'saturate' }),
  coordinatorEpoch: int32(),
  currentTxnStartOffset: int64({ default: -1 }),
})

const PartitionResponse = struct('PartitionResponse', {
  partitionIndex: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: '0+', default: null }),
  activeProducers: array(ProducerState),
})

const TopicResponse = struct('TopicResponse', {
  name: string(),
  partitions: array(PartitionResponse),
})

export const DescribeProducersResponse = message({
  name: 'DescribeProducersResponse',
  kind: 'response',
  apiKey: 61,
  versions: '0',
  flexible: '0+',
  doc: 'Producers with their epochs, sequences and open transactions.',
  fields: {
    throttleTimeMs: int32(),
    topics: array(TopicResponse),
  },
})
