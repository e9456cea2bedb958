import { array, int16, int32, message, string, struct } from './dsl.ts'

export const DeleteGroupsRequest = message({
  name: 'DeleteGroupsRequest',
  kind: 'request',
  apiKey: 42,
  versions: '0-2',
  flexible: '2+',
  listeners: ['broker'],
  doc: 'Deletes groups without members.',
  fields: {
    groupsNames: array(string()),
  },
})

const DeletableGroupResult = struct('DeletableGroupResult', {
  groupId: string({ mapKey: true }),
  errorCode: int16(),
})

export const DeleteGroupsResponse = message({
  name: 'DeleteGroupsResponse',
  kind: 'response',
  apiKey: 42,
  versions: '0-2',
  flexible: '2+',
  doc: 'Whether each group was deleted.',
  fields: {
    throttleTimeMs: int32(),
    results: array(DeletableGroupResult),
  },
})
