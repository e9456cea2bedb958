import { array, int32, message, string, struct, uuid } from '../dsl.ts'

export const ConsumerGroupTargetAssignmentMemberKey = message({
  name: 'ConsumerGroupTargetAssignmentMemberKey',
  kind: 'coordinator-key',
  apiKey: 7,
  versions: '0',
  flexible: 'none',
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
  fields: {
    topicPartitions: array(TopicPartition),
  },
})
