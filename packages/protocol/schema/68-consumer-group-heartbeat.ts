import { array, int16, int32, message, of, string, struct, uuid } from './dsl.ts'

const TopicPartitions = struct('TopicPartitions', {
  topicId: uuid(),
  partitions: array(int32()),
})

export const ConsumerGroupHeartbeatRequest = message({
  name: 'ConsumerGroupHeartbeatRequest',
  kind: 'request',
  apiKey: 68,
  versions: '0-1',
  flexible: '0+',
  listeners: ['broker'],
  doc: "A consumer group's member: joins, reports what it owns, leaves (KIP-848).",
  history: {
    1: 'Subscription by pattern; the member makes its own id (KIP-1082).',
  },
  fields: {
    groupId: string(),
    memberId: string(),
    memberEpoch: int32(),
    instanceId: string({ nullable: '0+', default: null }),
    rackId: string({ nullable: '0+', default: null }),
    rebalanceTimeoutMs: int32({ default: -1 }),
    subscribedTopicNames: array(string(), { nullable: '0+', default: null }),
    subscribedTopicRegex: string({ versions: '1+', nullable: '1+', default: null }),
    serverAssignor: string({ nullable: '0+', default: null }),
    topicPartitions: array(TopicPartitions, { nullable: '0+', default: null }),
  },
})

const Assignment = struct('Assignment', {
  topicPartitions: array(TopicPartitions),
})

export const ConsumerGroupHeartbeatResponse = message({
  name: 'ConsumerGroupHeartbeatResponse',
  kind: 'response',
  apiKey: 68,
  versions: '0-1',
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
