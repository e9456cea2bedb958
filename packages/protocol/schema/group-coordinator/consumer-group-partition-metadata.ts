import { array, int32, message, string, struct, uuid } from '../dsl.ts'

export const ConsumerGroupPartitionMetadataKey = message({
  name: 'ConsumerGroupPartitionMetadataKey',
  kind: 'coordinator-key',
  apiKey: 4,
  versions: '0',
  flexible: 'none',
  doc: 'Key of ConsumerGroupPartitionMetadataValue.',
  fields: {
    groupId: string(),
  },
})

const PartitionMetadata = struct('PartitionMetadata', {
  partition: int32(),
  racks: array(string()),
})

const TopicMetadata = struct('TopicMetadata', {
  topicId: uuid(),
  topicName: string(),
  numPartitions: int32(),
  partitionMetadata: array(PartitionMetadata),
})

export const ConsumerGroupPartitionMetadataValue = message({
  name: 'ConsumerGroupPartitionMetadataValue',
  kind: 'coordinator-value',
  apiKey: 4,
  versions: '0',
  flexible: '0+',
  doc: "Partition counts of a consumer group's topics; since 4.1 a hash in ConsumerGroupMetadata replaces it.",
  fields: {
    topics: array(TopicMetadata),
  },
})
