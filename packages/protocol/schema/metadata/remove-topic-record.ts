import { message, uuid } from '../dsl.ts'

export const RemoveTopicRecord = message({
  name: 'RemoveTopicRecord',
  kind: 'metadata',
  apiKey: 9,
  versions: '0',
  flexible: '0+',
  doc: 'A topic is gone, with its partitions and settings.',
  fields: {
    topicId: uuid(),
  },
})
