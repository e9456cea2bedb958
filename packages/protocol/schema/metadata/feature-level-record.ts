import { int16, message, string } from '../dsl.ts'

export const FeatureLevelRecord = message({
  name: 'FeatureLevelRecord',
  kind: 'metadata',
  apiKey: 12,
  versions: '0',
  flexible: '0+',
  doc: 'The finalized level of a feature. The first record of each metadata log names its metadata.version, so this record stays at version 0.',
  fields: {
    name: string(),
    featureLevel: int16(),
  },
})
