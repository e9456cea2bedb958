import { bytes, int16, int64, message, string } from './dsl.ts'

export const SaslAuthenticateRequest = message({
  name: 'SaslAuthenticateRequest',
  kind: 'request',
  apiKey: 36,
  versions: '0-2',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  fields: {
    authBytes: bytes(),
  },
})

export const SaslAuthenticateResponse = message({
  name: 'SaslAuthenticateResponse',
  kind: 'response',
  apiKey: 36,
  versions: '0-2',
  flexible: '2+',
  fields: {
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    authBytes: bytes(),
    sessionLifetimeMs: int64({ versions: '1+', default: 0, ignorable: true, as: 'saturate' }),
  },
})
