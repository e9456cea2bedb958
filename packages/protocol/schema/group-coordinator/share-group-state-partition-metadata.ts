import { array, int32, message, string, struct, uuid } from '../dsl.ts'

export const ShareGroupStatePartitionMetadataKey = message({
  name: 'ShareGroupStatePartitionMetadataKey',
  kind: 'coordinator-key',
  apiKey: 15,
  versions: '0',
  flexible: 'none',
  doc: 'Key of ShareGroupStatePartitionMetadataValue.',
  fields: {
    groupId: string(),
  },
})

const TopicPartitionsInfo = struct('TopicPartitionsInfo', {
  topicId: uuid(),
  topicName: string(),
  partitions: array(int32()),
})

const TopicInfo = struct('TopicInfo', {
  topicId: uuid(),
  topicName: string(),
})

export const ShareGroupStatePartitionMetadataValue = message({
  name: 'ShareGroupStatePartitionMetadataValue',
  kind: 'coordinator-value',
  apiKey: 15,
  versions: '0',
  flexible: '0+',
  doc: 'Which share partitions of a group have state, or are about to get or lose it (KIP-932).',
  fields: {
    initializingTopics: array(TopicPartitionsInfo),
    initializedTopics: array(TopicPartitionsInfo),
    deletingTopics: array(TopicInfo),
  },
})
