import { message } from '../dsl.ts'

export const NoOpRecord = message({
  name: 'NoOpRecord',
  kind: 'metadata',
  apiKey: 20,
  versions: '0',
  flexible: '0+',
  doc: 'Says nothing; shows that the metadata leader is alive.',
  fields: {},
})
