import { bytes, int16, int32, int64, message } from './dsl.ts'

export const ExpireDelegationTokenRequest = message({
  name: 'ExpireDelegationTokenRequest',
  kind: 'request',
  apiKey: 40,
  versions: '1-2',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  forwardable: true,
  doc: 'Ends the life of a delegation token sooner, or at once.',
  fields: {
    hmac: bytes(),
    expiryTimePeriodMs: int64({ as: 'saturate' }),
  },
})

export const ExpireDelegationTokenResponse = message({
  name: 'ExpireDelegationTokenResponse',
  kind: 'response',
  apiKey: 40,
  versions: '1-2',
  flexible: '2+',
  doc: 'When it now expires.',
  fields: {
    errorCode: int16(),
    expiryTimestampMs: int64({ as: 'saturate' }),
    throttleTimeMs: int32(),
  },
})
