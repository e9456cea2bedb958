import { array, int16, message, string } from './dsl.ts'

export const SaslHandshakeRequest = message({
  name: 'SaslHandshakeRequest',
  kind: 'request',
  apiKey: 17,
  versions: '0-1',
  flexible: 'none',
  listeners: ['broker', 'controller'],
  doc: 'Names the SASL mechanism the client wants.',
  history: {
    1: 'The exchange that follows is made of SaslAuthenticate requests, not of bare frames.',
  },
  fields: {
    mechanism: string(),
  },
})

export const SaslHandshakeResponse = message({
  name: 'SaslHandshakeResponse',
  kind: 'response',
  apiKey: 17,
  versions: '0-1',
  flexible: 'none',
  doc: 'The mechanisms that the listener offers.',
  fields: {
    errorCode: int16(),
    mechanisms: array(string()),
  },
})
