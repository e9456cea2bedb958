import { int32, int64, message, string } from '../dsl.ts'

export const LegacyOffsetCommitKey = message({
  name: 'LegacyOffsetCommitKey',
  kind: 'coordinator-key',
  apiKey: 0,
  versions: '0',
  flexible: 'none',
  doc: 'Key of LegacyOffsetCommitValue.',
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
  doc: 'A committed offset in the oldest form, which 0 as key version marks.',
  fields: {
    offset: int64(),
    metadata: string(),
    commitTimestamp: int64({ as: 'saturate' }),
  },
})
