import { array, int16, message, string } from './dsl.ts'

export const SaslHandshakeRequest = message({
  name: 'SaslHandshakeRequest',
  kind: 'request',
  apiKey: 17,
  versions: '0-1',
  flexible: 'none',
  listeners: ['broker', 'controller'],
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
  fields: {
    errorCode: int16(),
    mechanisms: array(string()),
  },
})
