import { array, int32, int8, message, string, struct, uuid } from '../dsl.ts'

export const ShareGroupCurrentMemberAssignmentKey = message({
  name: 'ShareGroupCurrentMemberAssignmentKey',
  kind: 'coordinator-key',
  apiKey: 14,
  versions: '0',
  flexible: 'none',
  doc: 'Key of ShareGroupCurrentMemberAssignmentValue.',
  fields: {
    groupId: string(),
    memberId: string(),
  },
})

const TopicPartitions = struct('TopicPartitions', {
  topicId: uuid(),
  partitions: array(int32()),
})

export const ShareGroupCurrentMemberAssignmentValue = message({
  name: 'ShareGroupCurrentMemberAssignmentValue',
  kind: 'coordinator-value',
  apiKey: 14,
  versions: '0',
  flexible: '0+',
  doc: "What a share group's member reads (KIP-932).",
  fields: {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    assignedPartitions: array(TopicPartitions),
  },
})
