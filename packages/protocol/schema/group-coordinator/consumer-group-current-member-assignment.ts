import { array, int32, int8, message, string, struct, uuid } from '../dsl.ts'

export const ConsumerGroupCurrentMemberAssignmentKey = message({
  name: 'ConsumerGroupCurrentMemberAssignmentKey',
  kind: 'coordinator-key',
  apiKey: 8,
  versions: '0',
  flexible: 'none',
  doc: 'Key of ConsumerGroupCurrentMemberAssignmentValue.',
  fields: {
    groupId: string(),
    memberId: string(),
  },
})

const TopicPartitions = struct('TopicPartitions', {
  topicId: uuid(),
  partitions: array(int32()),
  assignmentEpochs: array(int32(), { nullable: '0+', tag: 0 }),
})

export const ConsumerGroupCurrentMemberAssignmentValue = message({
  name: 'ConsumerGroupCurrentMemberAssignmentValue',
  kind: 'coordinator-value',
  apiKey: 8,
  versions: '0',
  flexible: '0+',
  doc: "What a consumer group's member owns, and what it must still give up (KIP-848).",
  fields: {
    memberEpoch: int32(),
    previousMemberEpoch: int32(),
    state: int8(),
    assignedPartitions: array(TopicPartitions),
    partitionsPendingRevocation: array(TopicPartitions),
  },
})
