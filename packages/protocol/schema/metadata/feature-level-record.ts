import { int16, message, string } from '../dsl.ts'

export const FeatureLevelRecord = message({
  name: 'FeatureLevelRecord',
  kind: 'metadata',
  apiKey: 12,
  versions: '0',
  flexible: '0+',
  fields: {
    name: string(),
    featureLevel: int16(),
  },
})
