import { array, int16, int32, int64, int8, message, string, struct, uuid } from '../dsl.ts'

export const ShareUpdateKey = message({
  name: 'ShareUpdateKey',
  kind: 'coordinator-key',
  apiKey: 1,
  versions: '0',
  flexible: 'none',
  doc: 'Key of ShareUpdateValue.',
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

export const ShareUpdateValue = message({
  name: 'ShareUpdateValue',
  kind: 'coordinator-value',
  apiKey: 1,
  versions: '0',
  flexible: '0+',
  doc: "A change of a share partition's state since its snapshot (KIP-932).",
  fields: {
    snapshotEpoch: int32(),
    leaderEpoch: int32(),
    startOffset: int64(),
    deliveryCompleteCount: int32({ tag: 0, default: -1 }),
    stateBatches: array(StateBatch),
  },
})
