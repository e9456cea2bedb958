import {
  array,
  bool,
  bytes,
  int32,
  int64,
  int8,
  message,
  of,
  string,
  struct,
  uuid,
} from '../dsl.ts'

const TopicIdPartitionEntry = struct('TopicIdPartitionEntry', {
  name: string(),
  id: uuid(),
  partition: int32(),
})

const RemoteLogSegmentIdEntry = struct('RemoteLogSegmentIdEntry', {
  topicIdPartition: of(TopicIdPartitionEntry),
  id: uuid(),
})

const SegmentLeaderEpochEntry = struct('SegmentLeaderEpochEntry', {
  leaderEpoch: int32(),
  offset: int64(),
})

export const RemoteLogSegmentMetadataRecord = message({
  name: 'RemoteLogSegmentMetadataRecord',
  kind: 'metadata',
  apiKey: 0,
  versions: '0',
  flexible: '0+',
  doc: 'A segment copied to remote storage (KIP-405).',
  fields: {
    remoteLogSegmentId: of(RemoteLogSegmentIdEntry),
    startOffset: int64(),
    endOffset: int64(),
    brokerId: int32(),
    maxTimestampMs: int64({ as: 'saturate' }),
    eventTimestampMs: int64({ as: 'saturate' }),
    segmentLeaderEpochs: array(SegmentLeaderEpochEntry),
    segmentSizeInBytes: int32(),
    customMetadata: bytes({ nullable: '0+', default: null }),
    remoteLogSegmentState: int8(),
    txnIndexEmpty: bool({ tag: 0 }),
  },
})
