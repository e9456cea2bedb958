import { bool, bytes, int16, int32, int8, message, uuid } from './dsl.ts'

export const PushTelemetryRequest = message({
  name: 'PushTelemetryRequest',
  kind: 'request',
  apiKey: 72,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  doc: 'A client pushes its metrics (KIP-714).',
  fields: {
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    terminating: bool(),
    compressionType: int8(),
    metrics: bytes(),
  },
})

export const PushTelemetryResponse = message({
  name: 'PushTelemetryResponse',
  kind: 'response',
  apiKey: 72,
  versions: '0',
  flexible: '0+',
  doc: 'Whether they were accepted.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
  },
})
