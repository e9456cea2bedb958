import { int16, int32, message, string } from './dsl.ts'

export const UnregisterBrokerRequest = message({
  name: 'UnregisterBrokerRequest',
  kind: 'request',
  apiKey: 64,
  versions: '0',
  flexible: '0+',
  listeners: ['broker', 'controller'],
  forwardable: true,
  doc: "Removes a broker's registration.",
  fields: {
    brokerId: int32(),
  },
})

export const UnregisterBrokerResponse = message({
  name: 'UnregisterBrokerResponse',
  kind: 'response',
  apiKey: 64,
  versions: '0',
  flexible: '0+',
  doc: 'Whether it was removed.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
  },
})
