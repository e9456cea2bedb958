import { int32, int64, message, string } from '../dsl.ts'

export const ShareGroupTargetAssignmentMetadataKey = message({
  name: 'ShareGroupTargetAssignmentMetadataKey',
  kind: 'coordinator-key',
  apiKey: 12,
  versions: '0',
  flexible: 'none',
  doc: 'Key of ShareGroupTargetAssignmentMetadataValue.',
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
  doc: "Epoch of a share group's target assignment (KIP-932), and when it was made (KIP-1263).",
  fields: {
    assignmentEpoch: int32(),
    assignmentTimestamp: int64({ tag: 0, default: 0, ignorable: true, as: 'saturate' }),
  },
})
