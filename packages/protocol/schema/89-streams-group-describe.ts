import { array, bool, int16, int32, int64, message, of, string, struct, uint16 } from './dsl.ts'

export const StreamsGroupDescribeRequest = message({
  name: 'StreamsGroupDescribeRequest',
  kind: 'request',
  apiKey: 89,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  doc: 'Asks for state, topology and members of streams groups (KIP-1071).',
  fields: {
    groupIds: array(string()),
    includeAuthorizedOperations: bool(),
  },
})

const KeyValue = struct('KeyValue', {
  key: string(),
  value: string(),
})

const TopicInfo = struct('TopicInfo', {
  name: string(),
  partitions: int32(),
  replicationFactor: int16(),
  topicConfigs: array(KeyValue),
})

const Subtopology = struct('Subtopology', {
  subtopologyId: string(),
  sourceTopics: array(string()),
  repartitionSinkTopics: array(string()),
  stateChangelogTopics: array(TopicInfo),
  repartitionSourceTopics: array(TopicInfo),
})

const Topology = struct('Topology', {
  epoch: int32(),
  subtopologies: array(Subtopology, { nullable: '0+', default: null }),
})

const Endpoint = struct('Endpoint', {
  host: string(),
  port: uint16(),
})

const TaskOffset = struct('TaskOffset', {
  subtopologyId: string(),
  partition: int32(),
  offset: int64(),
})

const TaskIds = struct('TaskIds', {
  subtopologyId: string(),
  partitions: array(int32()),
})

const Assignment = struct('Assignment', {
  activeTasks: array(TaskIds),
  standbyTasks: array(TaskIds),
  warmupTasks: array(TaskIds),
})

const Member = struct('Member', {
  memberId: string(),
  memberEpoch: int32(),
  instanceId: string({ nullable: '0+', default: null }),
  rackId: string({ nullable: '0+', default: null }),
  clientId: string(),
  clientHost: string(),
  topologyEpoch: int32(),
  processId: string(),
  userEndpoint: of(Endpoint, { nullable: '0+', default: null }),
  clientTags: array(KeyValue),
  taskOffsets: array(TaskOffset),
  taskEndOffsets: array(TaskOffset),
  assignment: of(Assignment),
  targetAssignment: of(Assignment),
  isClassic: bool(),
})

const DescribedGroup = struct('DescribedGroup', {
  errorCode: int16(),
  errorMessage: string({ nullable: '0+', default: null }),
  groupId: string(),
  groupState: string(),
  groupEpoch: int32(),
  assignmentEpoch: int32(),
  topology: of(Topology, { nullable: '0+', default: null }),
  members: array(Member),
  authorizedOperations: int32({ default: -2147483648 }),
})

export const StreamsGroupDescribeResponse = message({
  name: 'StreamsGroupDescribeResponse',
  kind: 'response',
  apiKey: 89,
  versions: '0',
  flexible: '0+',
  doc: 'Members with present and target tasks.',
  fields: {
    throttleTimeMs: int32(),
    groups: array(DescribedGroup),
  },
})
