import { int32, int64, message, string, uuid } from '../dsl.ts'

export const OffsetCommitKey = message({
  name: 'OffsetCommitKey',
  kind: 'coordinator-key',
  apiKey: 1,
  versions: '0',
  flexible: 'none',
  doc: 'Key of OffsetCommitValue.',
  fields: {
    group: string(),
    topic: string(),
    partition: int32(),
  },
})

export const OffsetCommitValue = message({
  name: 'OffsetCommitValue',
  kind: 'coordinator-value',
  apiKey: 1,
  versions: '0-4',
  flexible: '4+',
  doc: "A group's committed offset of one partition.",
  history: {
    1: 'An expiry for each offset.',
    2: 'No expiry any more.',
    3: 'Leader epoch (KIP-320).',
  },
  fields: {
    offset: int64(),
    leaderEpoch: int32({ versions: '3+', default: -1, ignorable: true }),
    metadata: string(),
    commitTimestamp: int64({ as: 'saturate' }),
    expireTimestamp: int64({ versions: '1', default: -1, ignorable: true, as: 'saturate' }),
    topicId: uuid({ versions: '4+', tag: 0, ignorable: true }),
  },
})
