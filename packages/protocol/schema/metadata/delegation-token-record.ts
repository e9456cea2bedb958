import { array, int64, message, string } from '../dsl.ts'

export const DelegationTokenRecord = message({
  name: 'DelegationTokenRecord',
  kind: 'metadata',
  apiKey: 10,
  versions: '0',
  flexible: '0+',
  doc: 'A delegation token.',
  fields: {
    owner: string(),
    requester: string(),
    renewers: array(string()),
    issueTimestamp: int64({ as: 'saturate' }),
    maxTimestamp: int64({ as: 'saturate' }),
    expirationTimestamp: int64({ as: 'saturate' }),
    tokenId: string(),
  },
})
