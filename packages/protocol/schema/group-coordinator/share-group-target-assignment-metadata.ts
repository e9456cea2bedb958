import { int32, int64, message, string } from '../dsl.ts'

export const ShareGroupTargetAssignmentMetadataKey = message({
  name: 'ShareGroupTargetAssignmentMetadataKey',
  kind: 'coordinator-key',
  apiKey: 12,
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string(),
  },
})

export const ShareGroupTargetAssignmentMetadataValue = message({
  name: 'ShareGroupTargetAssignmentMetadataValue',
  kind: 'coordinator-value',
  apiKey: 12,
  versions: '0',
  flexible: '0+',
  fields: {
    assignmentEpoch: int32(),
    assignmentTimestamp: int64({ tag: 0, default: 0, ignorable: true, as: 'saturate' }),
  },
})
