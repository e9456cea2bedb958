import { array, bytes, int16, int32, int64, message, string, struct } from './dsl.ts'

const CreatableRenewers = struct('CreatableRenewers', {
  principalType: string(),
  principalName: string(),
})

export const CreateDelegationTokenRequest = message({
  name: 'CreateDelegationTokenRequest',
  kind: 'request',
  apiKey: 38,
  versions: '1-3',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  forwardable: true,
  doc: 'Creates a delegation token.',
  history: {
    3: 'On behalf of another owner (KIP-373).',
  },
  fields: {
    ownerPrincipalType: string({ versions: '3+', nullable: '3+' }),
    ownerPrincipalName: string({ versions: '3+', nullable: '3+' }),
    renewers: array(CreatableRenewers),
    maxLifetimeMs: int64({ as: 'saturate' }),
  },
})

export const CreateDelegationTokenResponse = message({
  name: 'CreateDelegationTokenResponse',
  kind: 'response',
  apiKey: 38,
  versions: '1-3',
  flexible: '2+',
  doc: 'The token with its secret.',
  fields: {
    errorCode: int16(),
    principalType: string(),
    principalName: string(),
    tokenRequesterPrincipalType: string({ versions: '3+' }),
    tokenRequesterPrincipalName: string({ versions: '3+' }),
    issueTimestampMs: int64({ as: 'saturate' }),
    expiryTimestampMs: int64({ as: 'saturate' }),
    maxTimestampMs: int64({ as: 'saturate' }),
    tokenId: string(),
    hmac: bytes(),
    throttleTimeMs: int32(),
  },
})
