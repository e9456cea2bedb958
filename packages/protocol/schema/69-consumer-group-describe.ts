import { array, bool, int16, int32, int8, message, of, string, struct, uuid } from './dsl.ts'

export const ConsumerGroupDescribeRequest = message({
  name: 'ConsumerGroupDescribeRequest',
  kind: 'request',
  apiKey: 69,
  versions: '0-1',
  flexible: '0+',
  listeners: ['broker'],
  doc: 'Asks for state and members of consumer groups (KIP-848).',
  history: {
    1: 'Whether a member still speaks the classic protocol (KIP-1099).',
  },
  fields: {
    groupIds: array(string()),
    includeAuthorizedOperations: bool(),
  },
})

const TopicPartitions = struct('TopicPartitions', {
  topicId: uuid(),
  topicName: string(),
  partitions: array(int32()),
})

const Assignment = struct('Assignment', {
  topicPartitions: array(TopicPartitions),
})

const Member = struct('Member', {
  memberId: string(),
  instanceId: string({ nullable: '0+', default: null }),
  rackId: string({ nullable: '0+', default: null }),
  memberEpoch: int32(),
  clientId: string(),
  clientHost: string(),
  subscribedTopicNames: array(string()),
  subscribedTopicRegex: string({ nullable: '0+', default: null }),
  assignment: of(Assignment),
  targetAssignment: of(Assignment),
  memberType: int8({ versions: '1+', default: -1, ignorable: true }),
})

const DescribedGroup = struct('DescribedGroup', {
  errorCode: int16(),
  errorMessage: string({ nullable: '0+', default: null }),
  groupId: string(),
  groupState: string(),
  groupEpoch: int32(),
  assignmentEpoch: int32(),
  assignorName: string(),
  members: array(Member),
  authorizedOperations: int32({ default: -2147483648 }),
})

export const ConsumerGroupDescribeResponse = message({
  name: 'ConsumerGroupDescribeResponse',
  kind: 'response',
  apiKey: 69,
  versions: '0-1',
  flexible: '0+',
  doc: 'Members with present and target assignments.',
  fields: {
    throttleTimeMs: int32(),
    groups: array(DescribedGroup),
  },
})
