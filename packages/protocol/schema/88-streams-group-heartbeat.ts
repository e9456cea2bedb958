import {
  array,
  bool,
  int16,
  int32,
  int64,
  int8,
  message,
  of,
  string,
  struct,
  uint16,
} from './dsl.ts'

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

const CopartitionGroup = struct('CopartitionGroup', {
  sourceTopics: array(int16()),
  sourceTopicRegex: array(int16()),
  repartitionSourceTopics: array(int16()),
})

const Subtopology = struct('Subtopology', {
  subtopologyId: string(),
  sourceTopics: array(string()),
  sourceTopicRegex: array(string()),
  stateChangelogTopics: array(TopicInfo),
  repartitionSinkTopics: array(string()),
  repartitionSourceTopics: array(TopicInfo),
  copartitionGroups: array(CopartitionGroup),
})

const Topology = struct('Topology', {
  epoch: int32(),
  subtopologies: array(Subtopology),
})

const TaskIds = struct('TaskIds', {
  subtopologyId: string(),
  partitions: array(int32()),
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

export const StreamsGroupHeartbeatRequest = message({
  name: 'StreamsGroupHeartbeatRequest',
  kind: 'request',
  apiKey: 88,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  doc: "A streams group's member: joins with its topology, reports its tasks, leaves (KIP-1071).",
  fields: {
    groupId: string(),
    memberId: string(),
    memberEpoch: int32(),
    endpointInformationEpoch: int32(),
    instanceId: string({ nullable: '0+', default: null }),
    rackId: string({ nullable: '0+', default: null }),
    rebalanceTimeoutMs: int32({ default: -1 }),
    topology: of(Topology, { nullable: '0+', default: null }),
    activeTasks: array(TaskIds, { nullable: '0+', default: null }),
    standbyTasks: array(TaskIds, { nullable: '0+', default: null }),
    warmupTasks: array(TaskIds, { nullable: '0+', default: null }),
    processId: string({ nullable: '0+', default: null }),
    userEndpoint: of(Endpoint, { nullable: '0+', default: null }),
    clientTags: array(KeyValue, { nullable: '0+', default: null }),
    taskOffsets: array(TaskOffset, { nullable: '0+', default: null }),
    taskEndOffsets: array(TaskOffset, { nullable: '0+', default: null }),
    shutdownApplication: bool({ default: false }),
  },
})

const Status = struct('Status', {
  statusCode: int8(),
  statusDetail: string(),
})

const TopicPartition = struct('TopicPartition', {
  topic: string(),
  partitions: array(int32()),
})

const EndpointToPartitions = struct('EndpointToPartitions', {
  userEndpoint: of(Endpoint),
  activePartitions: array(TopicPartition),
  standbyPartitions: array(TopicPartition),
})

export const StreamsGroupHeartbeatResponse = message({
  name: 'StreamsGroupHeartbeatResponse',
  kind: 'response',
  apiKey: 88,
  versions: '0',
  flexible: '0+',
  doc: "The member's epoch, and its tasks when they changed.",
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    memberId: string(),
    memberEpoch: int32(),
    heartbeatIntervalMs: int32(),
    acceptableRecoveryLag: int32(),
    taskOffsetIntervalMs: int32(),
    status: array(Status, { nullable: '0+' }),
    activeTasks: array(TaskIds, { nullable: '0+', default: null }),
    standbyTasks: array(TaskIds, { nullable: '0+', default: null }),
    warmupTasks: array(TaskIds, { nullable: '0+', default: null }),
    endpointInformationEpoch: int32(),
    partitionsByUserEndpoint: array(EndpointToPartitions, { nullable: '0+', default: null }),
  },
})
