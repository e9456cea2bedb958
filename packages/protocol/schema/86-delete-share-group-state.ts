import { array, int16, int32, message, string, struct, uuid } from './dsl.ts'

const PartitionData = struct('PartitionData', {
  partition: int32(),
})

const DeleteStateData = struct('DeleteStateData', {
  topicId: uuid(),
  partitions: array(PartitionData),
})

export const DeleteShareGroupStateRequest = message({
  name: 'DeleteShareGroupStateRequest',
  kind: 'request',
  apiKey: 86,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  clusterAction: true,
  doc: 'Group to share coordinator: deletes the state of share partitions (KIP-932).',
  fields: {
    groupId: string(),
    topics: array(DeleteStateData),
  },
})

const PartitionResult = struct('PartitionResult', {
  partition: int32(),
  errorCode: int16(),
  errorMessage: string({ nullable: '0+', default: null }),
})

const DeleteStateResult = struct('DeleteStateResult', {
  topicId: uuid(),
  partitions: array(PartitionResult),
})

export const DeleteShareGroupStateResponse = message({
  name: 'DeleteShareGroupStateResponse',
  kind: 'response',
  apiKey: 86,
  versions: '0',
  flexible: '0+',
  doc: 'Whether each was deleted.',
  fields: {
    results: array(DeleteStateResult),
  },
})
