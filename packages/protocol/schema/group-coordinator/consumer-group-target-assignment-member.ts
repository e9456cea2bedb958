import { array, int32, message, string, struct, uuid } from '../dsl.ts'

export const ConsumerGroupTargetAssignmentMemberKey = message({
  name: 'ConsumerGroupTargetAssignmentMemberKey',
  kind: 'coordinator-key',
  apiKey: 7,
  versions: '0',
  flexible: 'none',
  doc: 'Key of ConsumerGroupTargetAssignmentMemberValue.',
  fields: {
    groupId: string(),
    memberId: string(),
  },
})

const TopicPartition = struct('TopicPartition', {
  topicId: uuid(),
  partitions: array(int32()),
})

export const ConsumerGroupTargetAssignmentMemberValue = message({
  name: 'ConsumerGroupTargetAssignmentMemberValue',
  kind: 'coordinator-value',
  apiKey: 7,
  versions: '0',
  flexible: '0+',
  doc: "What a consumer group's member shall own (KIP-848).",
  fields: {
    topicPartitions: array(TopicPartition),
  },
})
