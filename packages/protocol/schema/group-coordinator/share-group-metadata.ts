import { int32, int64, message, string } from '../dsl.ts'

export const ShareGroupMetadataKey = message({
  name: 'ShareGroupMetadataKey',
  kind: 'coordinator-key',
  apiKey: 11,
  versions: '0',
  flexible: 'none',
  fields: {
    groupId: string(),
  },
})

export const ShareGroupMetadataValue = message({
  name: 'ShareGroupMetadataValue',
  kind: 'coordinator-value',
  apiKey: 11,
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: int32(),
    metadataHash: int64(),
  },
})
