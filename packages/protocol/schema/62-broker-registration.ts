import { array, bool, int16, int32, int64, message, string, struct, uint16, uuid } from './dsl.ts'

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

export const BrokerRegistrationRequest = message({
  name: 'BrokerRegistrationRequest',
  kind: 'request',
  apiKey: 62,
  versions: '0-4',
  flexible: '0+',
  listeners: ['controller'],
  fields: {
    brokerId: int32(),
    clusterId: string(),
    incarnationId: uuid(),
    listeners: array(Listener),
    features: array(Feature),
    rack: string({ nullable: '0+' }),
    isMigratingZkBroker: bool({ versions: '1+', default: false }),
    logDirs: array(uuid(), { versions: '2+', ignorable: true }),
    previousBrokerEpoch: int64({ versions: '3+', default: -1, ignorable: true }),
  },
})

export const BrokerRegistrationResponse = message({
  name: 'BrokerRegistrationResponse',
  kind: 'response',
  apiKey: 62,
  versions: '0-4',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    brokerEpoch: int64({ default: -1 }),
  },
})
