import { array, bool, bytes, int32, int64, int8, message, struct, uuid } from '../dsl.ts'

const SegmentLeaderEpochEntry = struct('SegmentLeaderEpochEntry', {
  leaderEpoch: int32(),
  offset: int64(),
})

export const RemoteLogSegmentMetadataSnapshotRecord = message({
  name: 'RemoteLogSegmentMetadataSnapshotRecord',
  kind: 'metadata',
  apiKey: 3,
  versions: '0',
  flexible: '0+',
  doc: 'A segment in remote storage, as the snapshot of a cache holds it (KIP-405).',
  fields: {
    segmentId: uuid(),
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
