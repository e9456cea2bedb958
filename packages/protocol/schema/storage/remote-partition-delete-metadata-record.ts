import { int32, int64, int8, message, of, string, struct, uuid } from '../dsl.ts'

const TopicIdPartitionEntry = struct('TopicIdPartitionEntry', {
  name: string(),
  id: uuid(),
  partition: int32(),
})

export const RemotePartitionDeleteMetadataRecord = message({
  name: 'RemotePartitionDeleteMetadataRecord',
  kind: 'metadata',
  apiKey: 2,
  versions: '0',
  flexible: '0+',
  doc: 'Progress of deleting a partition from remote storage (KIP-405).',
  fields: {
    topicIdPartition: of(TopicIdPartitionEntry),
    brokerId: int32(),
    eventTimestampMs: int64({ as: 'saturate' }),
    remotePartitionDeleteState: int8(),
  },
})
