import { array, bool, int16, int32, message, of, string, struct, uuid } from './dsl.ts'

export const ShareGroupDescribeRequest = message({
  name: 'ShareGroupDescribeRequest',
  kind: 'request',
  apiKey: 77,
  versions: '1',
  flexible: '0+',
  listeners: ['broker'],
  doc: 'Asks for state and members of share groups (KIP-932).',
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
  rackId: string({ nullable: '0+', default: null }),
  memberEpoch: int32(),
  clientId: string(),
  clientHost: string(),
  subscribedTopicNames: array(string()),
  assignment: of(Assignment),
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

export const ShareGroupDescribeResponse = message({
  name: 'ShareGroupDescribeResponse',
  kind: 'response',
  apiKey: 77,
  versions: '1',
  flexible: '0+',
  doc: 'Members with their assignments.',
  fields: {
    throttleTimeMs: int32(),
    groups: array(DescribedGroup),
  },
})
