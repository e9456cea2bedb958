import { array, bytes, int16, int32, int64, message, string, struct } from './dsl.ts'

const DescribeDelegationTokenOwner = struct('DescribeDelegationTokenOwner', {
  principalType: string(),
  principalName: string(),
})

export const DescribeDelegationTokenRequest = message({
  name: 'DescribeDelegationTokenRequest',
  kind: 'request',
  apiKey: 41,
  versions: '1-3',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  doc: 'Asks for delegation tokens of owners.',
  history: {
    3: 'The requester of each token (KIP-373).',
  },
  fields: {
    owners: array(DescribeDelegationTokenOwner, { nullable: '0+' }),
  },
})

const DescribedDelegationTokenRenewer = struct('DescribedDelegationTokenRenewer', {
  principalType: string(),
  principalName: string(),
})

const DescribedDelegationToken = struct('DescribedDelegationToken', {
  principalType: string(),
  principalName: string(),
  tokenRequesterPrincipalType: string({ versions: '3+' }),
  tokenRequesterPrincipalName: string({ versions: '3+' }),
  issueTimestamp: int64({ as: 'saturate' }),
  expiryTimestamp: int64({ as: 'saturate' }),
  maxTimestamp: int64({ as: 'saturate' }),
  tokenId: string(),
  hmac: bytes(),
  renewers: array(DescribedDelegationTokenRenewer),
})

export const DescribeDelegationTokenResponse = message({
  name: 'DescribeDelegationTokenResponse',
  kind: 'response',
  apiKey: 41,
  versions: '1-3',
  flexible: '2+',
  doc: 'The tokens the asker may see.',
  fields: {
    errorCode: int16(),
    tokens: array(DescribedDelegationToken),
    throttleTimeMs: int32(),
  },
})
