import { bytes, int32, int64, int8, message, of, string, struct, uuid } from '../dsl.ts'

const TopicIdPartitionEntry = struct('TopicIdPartitionEntry', {
  name: string(),
  id: uuid(),
  partition: int32(),
})

const RemoteLogSegmentIdEntry = struct('RemoteLogSegmentIdEntry', {
  topicIdPartition: of(TopicIdPartitionEntry),
  id: uuid(),
})

export const RemoteLogSegmentMetadataUpdateRecord = message({
  name: 'RemoteLogSegmentMetadataUpdateRecord',
  kind: 'metadata',
  apiKey: 1,
  versions: '0',
  flexible: '0+',
  doc: 'A change in the life of a segment in remote storage (KIP-405).',
  fields: {
    remoteLogSegmentId: of(RemoteLogSegmentIdEntry),
    brokerId: int32(),
    eventTimestampMs: int64({ as: 'saturate' }),
    customMetadata: bytes({ nullable: '0+', default: null }),
    remoteLogSegmentState: int8(),
  },
})
