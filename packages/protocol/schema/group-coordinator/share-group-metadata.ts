import { int32, int64, message, string } from '../dsl.ts'

export const ShareGroupMetadataKey = message({
  name: 'ShareGroupMetadataKey',
  kind: 'coordinator-key',
  apiKey: 11,
  versions: '0',
  flexible: 'none',
  doc: 'Key of ShareGroupMetadataValue.',
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
  doc: 'Epoch of a share group, and a hash of the topics it reads (KIP-932).',
  fields: {
    epoch: int32(),
    metadataHash: int64({ as: 'bigint' }),
  },
})
