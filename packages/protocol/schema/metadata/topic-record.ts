import { message, string, uuid } from '../dsl.ts'

export const TopicRecord = message({
  name: 'TopicRecord',
  kind: 'metadata',
  apiKey: 2,
  versions: '0',
  flexible: '0+',
  doc: 'A topic: its name and id.',
  fields: {
    name: string(),
    topicId: uuid(),
  },
})
