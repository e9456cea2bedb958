import { bytes, int16, message } from './dsl.ts'

export const EnvelopeRequest = message({
  name: 'EnvelopeRequest',
  kind: 'request',
  apiKey: 58,
  versions: '0',
  flexible: '0+',
  listeners: ['controller'],
  clusterAction: true,
  doc: "Broker to controller: a client's request with its principal (KIP-590).",
  fields: {
    requestData: bytes(),
    requestPrincipal: bytes({ nullable: '0+' }),
    clientHostAddress: bytes(),
  },
})

export const EnvelopeResponse = message({
  name: 'EnvelopeResponse',
  kind: 'response',
  apiKey: 58,
  versions: '0',
  flexible: '0+',
  doc: "The controller's response to it.",
  fields: {
    responseData: bytes({ nullable: '0+', default: null }),
    errorCode: int16(),
  },
})
