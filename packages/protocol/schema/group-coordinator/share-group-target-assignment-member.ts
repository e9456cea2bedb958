import { array, int32, message, string, struct, uuid } from '../dsl.ts'

export const ShareGroupTargetAssignmentMemberKey = message({
  name: 'ShareGroupTargetAssignmentMemberKey',
  kind: 'coordinator-key',
  apiKey: 13,
  versions: '0',
  flexible: 'none',
  doc: 'Key of ShareGroupTargetAssignmentMemberValue.',
  fields: {
    groupId: string(),
    memberId: string(),
  },
})

const TopicPartition = struct('TopicPartition', {
  topicId: uuid(),
  partitions: array(int32()),
})

export const ShareGroupTargetAssignmentMemberValue = message({
  name: 'ShareGroupTargetAssignmentMemberValue',
  kind: 'coordinator-value',
  apiKey: 13,
  versions: '0',
  flexible: '0+',
  doc: "What a share group's member shall read (KIP-932).",
  fields: {
    topicPartitions: array(TopicPartition),
  },
})
