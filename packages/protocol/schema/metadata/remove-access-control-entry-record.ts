import { message, uuid } from '../dsl.ts'

export const RemoveAccessControlEntryRecord = message({
  name: 'RemoveAccessControlEntryRecord',
  kind: 'metadata',
  apiKey: 19,
  versions: '0',
  flexible: '0+',
  doc: 'An ACL is gone.',
  fields: {
    id: uuid(),
  },
})
