import { int32, int64, message, string } from '../dsl.ts'

export const ConsumerGroupTargetAssignmentMetadataKey = message({
  name: 'ConsumerGroupTargetAssignmentMetadataKey',
  kind: 'coordinator-key',
  apiKey: 6,
  versions: '0',
  flexible: 'none',
  doc: 'Key of ConsumerGroupTargetAssignmentMetadataValue.',
  fields: {
    groupId: string(),
  },
})

export const ConsumerGroupTargetAssignmentMetadataValue = message({
  name: 'ConsumerGroupTargetAssignmentMetadataValue',
  kind: 'coordinator-value',
  apiKey: 6,
  versions: '0',
  flexible: '0+',
  doc: "Epoch of a consumer group's target assignment (KIP-848), and when it was made (KIP-1263).",
  fields: {
    assignmentEpoch: int32(),
    assignmentTimestamp: int64({ tag: 0, default: 0, ignorable: true, as: 'saturate' }),
  },
})
