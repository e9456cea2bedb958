import { array, int16, int32, message, of, string, struct, uuid } from './dsl.ts'

export const ShareGroupHeartbeatRequest = message({
  name: 'ShareGroupHeartbeatRequest',
  kind: 'request',
  apiKey: 76,
  versions: '1',
  flexible: '0+',
  listeners: ['broker'],
  doc: "A share group's member: joins, stays, leaves (KIP-932).",
  fields: {
    groupId: string(),
    memberId: string(),
    memberEpoch: int32(),
    rackId: string({ nullable: '0+', default: null }),
    subscribedTopicNames: array(string(), { nullable: '0+', default: null }),
  },
})

const TopicPartitions = struct('TopicPartitions', {
  topicId: uuid(),
  partitions: array(int32()),
})

const Assignment = struct('Assignment', {
  topicPartitions: array(TopicPartitions),
})

export const ShareGroupHeartbeatResponse = message({
  name: 'ShareGroupHeartbeatResponse',
  kind: 'response',
  apiKey: 76,
  versions: '1',
  flexible: '0+',
  doc: "The member's epoch, and its assignment when it changed.",
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    memberId: string({ nullable: '0+', default: null }),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    assignment: of(Assignment, { nullable: '0+', default: null }),
  },
})
