import { array, bool, int16, int32, int8, message, string, uuid } from './dsl.ts'

export const GetTelemetrySubscriptionsRequest = message({
  name: 'GetTelemetrySubscriptionsRequest',
  kind: 'request',
  apiKey: 71,
  versions: '0',
  flexible: '0+',
  listeners: ['broker'],
  doc: 'A client asks which metrics to push (KIP-714).',
  fields: {
    clientInstanceId: uuid(),
  },
})

export const GetTelemetrySubscriptionsResponse = message({
  name: 'GetTelemetrySubscriptionsResponse',
  kind: 'response',
  apiKey: 71,
  versions: '0',
  flexible: '0+',
  doc: 'The metrics, and how often and in which form to push them.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    clientInstanceId: uuid(),
    subscriptionId: int32(),
    acceptedCompressionTypes: array(int8()),
    pushIntervalMs: int32(),
    telemetryMaxBytes: int32(),
    deltaTemporality: bool(),
    requestedMetrics: array(string()),
  },
})
