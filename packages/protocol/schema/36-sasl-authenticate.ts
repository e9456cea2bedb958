import { bytes, int16, int64, message, string } from './dsl.ts'

export const SaslAuthenticateRequest = message({
  name: 'SaslAuthenticateRequest',
  kind: 'request',
  apiKey: 36,
  versions: '0-2',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  doc: 'One client step of the SASL exchange.',
  history: {
    1: 'How long the session lasts before it must authenticate again (KIP-368).',
  },
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
  doc: "The server's step, or why it failed.",
  fields: {
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    authBytes: bytes(),
    sessionLifetimeMs: int64({ versions: '1+', default: 0, ignorable: true, as: 'saturate' }),
  },
})
