import { message, string } from '../dsl.ts'

export const ClearElrRecord = message({
  name: 'ClearElrRecord',
  kind: 'metadata',
  apiKey: 28,
  versions: '0',
  flexible: '0+',
  doc: 'Forgets eligible leaders, of one topic or of all (KIP-966).',
  fields: {
    topicName: string(),
  },
})
