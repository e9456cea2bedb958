import { array, int16, int32, int64, int8, message, string, struct, uuid } from '../dsl.ts'

export const ShareSnapshotKey = message({
  name: 'ShareSnapshotKey',
  kind: 'coordinator-key',
  apiKey: 0,
  versions: '0',
  flexible: 'none',
  doc: 'Key of ShareSnapshotValue.',
  fields: {
    groupId: string(),
    topicId: uuid(),
    partition: int32(),
  },
})

const StateBatch = struct('StateBatch', {
  firstOffset: int64(),
  lastOffset: int64(),
  deliveryState: int8(),
  deliveryCount: int16(),
})

export const ShareSnapshotValue = message({
  name: 'ShareSnapshotValue',
  kind: 'coordinator-value',
  apiKey: 0,
  versions: '0',
  flexible: '0+',
  doc: 'The whole state of a share partition (KIP-932).',
  fields: {
    snapshotEpoch: int32(),
    stateEpoch: int32(),
    leaderEpoch: int32(),
    startOffset: int64(),
    deliveryCompleteCount: int32({ tag: 0, default: -1 }),
    createTimestamp: int64({ as: 'saturate' }),
    writeTimestamp: int64({ as: 'saturate' }),
    stateBatches: array(StateBatch),
  },
})
