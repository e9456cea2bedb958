import { message, string } from '../dsl.ts'

export const AbortTransactionRecord = message({
  name: 'AbortTransactionRecord',
  kind: 'metadata',
  apiKey: 25,
  versions: '0',
  flexible: '0+',
  doc: 'Drops the records since the last BeginTransactionRecord (KIP-868).',
  fields: {
    reason: string({ nullable: '0+', tag: 0, default: null }),
  },
})
