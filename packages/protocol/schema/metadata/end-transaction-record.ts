import { message } from '../dsl.ts'

export const EndTransactionRecord = message({
  name: 'EndTransactionRecord',
  kind: 'metadata',
  apiKey: 24,
  versions: '0',
  flexible: '0+',
  fields: {},
})
