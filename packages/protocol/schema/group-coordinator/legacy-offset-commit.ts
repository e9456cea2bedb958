import { int32, int64, message, string } from '../dsl.ts'

export const LegacyOffsetCommitKey = message({
  name: 'LegacyOffsetCommitKey',
  kind: 'coordinator-key',
  apiKey: 0,
  versions: '0',
  flexible: 'none',
  fields: {
    group: string(),
    topic: string(),
    partition: int32(),
  },
})

export const LegacyOffsetCommitValue = message({
  name: 'LegacyOffsetCommitValue',
  kind: 'coordinator-value',
  apiKey: 0,
  versions: '0',
  flexible: 'none',
  fields: {
    offset: int64(),
    metadata: string(),
    commitTimestamp: int64({ as: 'saturate' }),
  },
})
