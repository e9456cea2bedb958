import { array, bool, int16, int32, message, string, struct, uint16, uuid } from './dsl.ts'

const Listener = struct('Listener', {
  name: string({ mapKey: true }),
  host: string(),
  port: uint16(),
  securityProtocol: int16(),
})

const Feature = struct('Feature', {
  name: string({ mapKey: true }),
  minSupportedVersion: int16(),
  maxSupportedVersion: int16(),
})

export const ControllerRegistrationRequest = message({
  name: 'ControllerRegistrationRequest',
  kind: 'request',
  apiKey: 70,
  versions: '0',
  flexible: '0+',
  listeners: ['controller'],
  doc: 'KRaft: a controller registers its endpoints and features (KIP-919).',
  fields: {
    controllerId: int32(),
    incarnationId: uuid(),
    zkMigrationReady: bool(),
    listeners: array(Listener),
    features: array(Feature),
  },
})

export const ControllerRegistrationResponse = message({
  name: 'ControllerRegistrationResponse',
  kind: 'response',
  apiKey: 70,
  versions: '0',
  flexible: '0+',
  doc: 'Whether it was accepted.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
  },
})
