import { array, int16, int32, message, string, struct, uuid } from './dsl.ts'

const DeleteShareGroupOffsetsRequestTopic = struct('DeleteShareGroupOffsetsRequestTopic', {
  topicName: string(),
})

export const DeleteShareGroupOffsetsRequest = message({
  name: 'DeleteShareGroupOffsetsRequest',
  kind: 'request',
  apiKey: 92,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  doc: 'Deletes topics from an empty share group (KIP-932).',
  fields: {
    groupId: string(),
    topics: array(DeleteShareGroupOffsetsRequestTopic),
  },
})

const DeleteShareGroupOffsetsResponseTopic = struct('DeleteShareGroupOffsetsResponseTopic', {
  topicName: string(),
  topicId: uuid(),
  errorCode: int16(),
  errorMessage: string({ nullable: '0+', default: null }),
})

export const DeleteShareGroupOffsetsResponse = message({
  name: 'DeleteShareGroupOffsetsResponse',
  kind: 'response',
  apiKey: 92,
  versions: '0',
  flexible: '0+',
  doc: 'Whether each was deleted.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    responses: array(DeleteShareGroupOffsetsResponseTopic),
  },
})
