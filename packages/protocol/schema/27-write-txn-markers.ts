import { array, bool, int16, int32, int64, int8, message, string, struct } from './dsl.ts'

const WritableTxnMarkerTopic = struct('WritableTxnMarkerTopic', {
  name: string(),
  partitionIndexes: array(int32()),
})

const WritableTxnMarker = struct('WritableTxnMarker', {
  producerId: int64(),
  producerEpoch: int16(),
  transactionResult: bool(),
  topics: array(WritableTxnMarkerTopic),
  coordinatorEpoch: int32(),
  transactionVersion: int8({ versions: '2+', default: 0, ignorable: true }),
})

export const WriteTxnMarkersRequest = message({
  name: 'WriteTxnMarkersRequest',
  kind: 'request',
  apiKey: 27,
  versions: '1-2',
  flexible: '1+',
  listeners: ['broker'],
  clusterAction: true,
  doc: 'Coordinator to leaders: writes the outcome of transactions into the partitions.',
  history: {
    2: 'The transaction version of each marker (KIP-1228).',
  },
  fields: {
    markers: array(WritableTxnMarker),
  },
})

const WritableTxnMarkerPartitionResult = struct('WritableTxnMarkerPartitionResult', {
  partitionIndex: int32(),
  errorCode: int16(),
})

const WritableTxnMarkerTopicResult = struct('WritableTxnMarkerTopicResult', {
  name: string(),
  partitions: array(WritableTxnMarkerPartitionResult),
})

const WritableTxnMarkerResult = struct('WritableTxnMarkerResult', {
  producerId: int64(),
  topics: array(WritableTxnMarkerTopicResult),
})

export const WriteTxnMarkersResponse = message({
  name: 'WriteTxnMarkersResponse',
  kind: 'response',
  apiKey: 27,
  versions: '1-2',
  flexible: '1+',
  doc: 'Whether each marker was written.',
  fields: {
    markers: array(WritableTxnMarkerResult),
  },
})
