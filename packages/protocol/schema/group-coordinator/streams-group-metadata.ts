import { array, int32, int64, message, string, struct } from '../dsl.ts'

export const StreamsGroupMetadataKey = message({
  name: 'StreamsGroupMetadataKey',
  kind: 'coordinator-key',
  apiKey: 17,
  versions: '0',
  flexible: 'none',
  doc: 'Key of StreamsGroupMetadataValue.',
  fields: {
    groupId: string(),
  },
})

const LastAssignmentConfig = struct('LastAssignmentConfig', {
  key: string(),
  value: string(),
})

export const StreamsGroupMetadataValue = message({
  name: 'StreamsGroupMetadataValue',
  kind: 'coordinator-value',
  apiKey: 17,
  versions: '0',
  flexible: '0+',
  doc: 'Epoch of a streams group, and a hash of the topics it reads (KIP-1071).',
  fields: {
    epoch: int32(),
    metadataHash: int64({ as: 'bigint' }),
    validatedTopologyEpoch: int32({ tag: 0, default: -1 }),
    lastAssignmentConfigs: array(LastAssignmentConfig, { nullable: '0+', tag: 1 }),
  },
})
