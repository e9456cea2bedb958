import { int32, int64, message, string } from '../dsl.ts'

export const ConsumerGroupMetadataKey = message({
  name: 'ConsumerGroupMetadataKey',
  kind: 'coordinator-key',
  apiKey: 3,
  versions: '0',
  flexible: 'none',
  doc: 'Key of ConsumerGroupMetadataValue.',
  fields: {
    groupId: string(),
  },
})

export const ConsumerGroupMetadataValue = message({
  name: 'ConsumerGroupMetadataValue',
  kind: 'coordinator-value',
  apiKey: 3,
  versions: '0',
  flexible: '0+',
  doc: 'Epoch of a consumer group, and a hash of the topics it reads (KIP-848, KIP-1101).',
  fields: {
    epoch: int32(),
    metadataHash: int64({ tag: 0, default: 0, as: 'bigint' }),
  },
})
