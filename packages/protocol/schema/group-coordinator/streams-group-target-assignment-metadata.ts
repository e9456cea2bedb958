import { int32, int64, message, string } from '../dsl.ts'

export const StreamsGroupTargetAssignmentMetadataKey = message({
  name: 'StreamsGroupTargetAssignmentMetadataKey',
  kind: 'coordinator-key',
  apiKey: 20,
  versions: '0',
  flexible: 'none',
  doc: 'Key of StreamsGroupTargetAssignmentMetadataValue.',
  fields: {
    groupId: string(),
  },
})

export const StreamsGroupTargetAssignmentMetadataValue = message({
  name: 'StreamsGroupTargetAssignmentMetadataValue',
  kind: 'coordinator-value',
  apiKey: 20,
  versions: '0',
  flexible: '0+',
  doc: "Epoch of a streams group's target assignment (KIP-1071), and when it was made (KIP-1263).",
  fields: {
    assignmentEpoch: int32(),
    assignmentTimestamp: int64({ tag: 0, default: 0, ignorable: true, as: 'saturate' }),
  },
})
