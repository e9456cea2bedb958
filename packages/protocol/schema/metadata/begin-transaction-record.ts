import { message, string } from '../dsl.ts'

export const BeginTransactionRecord = message({
  name: 'BeginTransactionRecord',
  kind: 'metadata',
  apiKey: 23,
  versions: '0',
  flexible: '0+',
  doc: 'Begins a group of records that take effect together (KIP-868).',
  fields: {
    name: string({ nullable: '0+', tag: 0, default: null }),
  },
})
