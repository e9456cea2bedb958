import { array, int16, int32, message, string, struct } from '../dsl.ts'

export const StreamsGroupTopologyKey = message({
  name: 'StreamsGroupTopologyKey',
  kind: 'coordinator-key',
  apiKey: 23,
  versions: '0',
  flexible: 'none',
  doc: 'Key of StreamsGroupTopologyValue.',
  fields: {
    groupId: string(),
  },
})

const TopicConfig = struct('TopicConfig', {
  key: string(),
  value: string(),
})

const TopicInfo = struct('TopicInfo', {
  name: string(),
  partitions: int32(),
  replicationFactor: int16(),
  topicConfigs: array(TopicConfig),
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

export const StreamsGroupTopologyValue = message({
  name: 'StreamsGroupTopologyValue',
  kind: 'coordinator-value',
  apiKey: 23,
  versions: '0',
  flexible: '0+',
  doc: 'The topology of a streams group: its subtopologies and their topics (KIP-1071).',
  fields: {
    epoch: int32(),
    subtopologies: array(Subtopology),
  },
})
