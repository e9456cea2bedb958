import { bytes, int16, int32, int64, message } from './dsl.ts'

export const RenewDelegationTokenRequest = message({
  name: 'RenewDelegationTokenRequest',
  kind: 'request',
  apiKey: 39,
  versions: '1-2',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  forwardable: true,
  doc: 'Extends the life of a delegation token.',
  fields: {
    hmac: bytes(),
    renewPeriodMs: int64({ as: 'saturate' }),
  },
})

export const RenewDelegationTokenResponse = message({
  name: 'RenewDelegationTokenResponse',
  kind: 'response',
  apiKey: 39,
  versions: '1-2',
  flexible: '2+',
  doc: 'When it now expires.',
  fields: {
    errorCode: int16(),
    expiryTimestampMs: int64({ as: 'saturate' }),
    throttleTimeMs: int32(),
  },
})
