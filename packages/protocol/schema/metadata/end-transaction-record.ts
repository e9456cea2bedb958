import { message } from '../dsl.ts'

export const EndTransactionRecord = message({
  name: 'EndTransactionRecord',
  kind: 'metadata',
  apiKey: 24,
  versions: '0',
  flexible: '0+',
  doc: 'Puts the records since the last BeginTransactionRecord into effect (KIP-868).',
  fields: {},
})
