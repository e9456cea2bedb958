import { message, string } from '../dsl.ts'

export const ClearElrRecord = message({
  name: 'ClearElrRecord',
  kind: 'metadata',
  apiKey: 28,
  versions: '0',
  flexible: '0+',
  fields: {
    topicName: string(),
  },
})
