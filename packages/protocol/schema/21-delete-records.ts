import { array, int16, int32, int64, message, string, struct } from './dsl.ts'

const DeleteRecordsPartition = struct('DeleteRecordsPartition', {
  partitionIndex: int32(),
  offset: int64(),
})

const DeleteRecordsTopic = struct('DeleteRecordsTopic', {
  name: string(),
  partitions: array(DeleteRecordsPartition),
})

export const DeleteRecordsRequest = message({
  name: 'DeleteRecordsRequest',
  kind: 'request',
  apiKey: 21,
  versions: '0-2',
  flexible: '2+',
  listeners: ['broker'],
  doc: 'Moves the log start of partitions forward, which deletes what is before.',
  fields: {
    topics: array(DeleteRecordsTopic),
    timeoutMs: int32(),
  },
})

const DeleteRecordsPartitionResult = struct('DeleteRecordsPartitionResult', {
  partitionIndex: int32({ mapKey: true }),
  lowWatermark: int64(),
  errorCode: int16(),
})

const DeleteRecordsTopicResult = struct('DeleteRecordsTopicResult', {
  name: string({ mapKey: true }),
  partitions: array(DeleteRecordsPartitionResult),
})

export const DeleteRecordsResponse = message({
  name: 'DeleteRecordsResponse',
  kind: 'response',
  apiKey: 21,
  versions: '0-2',
  flexible: '2+',
  doc: 'The new low watermark of each partition.',
  fields: {
    throttleTimeMs: int32(),
    topics: array(DeleteRecordsTopicResult),
  },
})
