import { message, string } from '../dsl.ts'

export const RemoveDelegationTokenRecord = message({
  name: 'RemoveDelegationTokenRecord',
  kind: 'metadata',
  apiKey: 26,
  versions: '0',
  flexible: '0+',
  doc: 'A delegation token is gone.',
  fields: {
    tokenId: string(),
  },
})
