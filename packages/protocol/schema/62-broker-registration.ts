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
  clusterAction: true,
  doc: 'Broker to controller: registers at the start (KIP-631).',
  history: {
    1: 'Migration from ZooKeeper.',
    2: 'Log directories (KIP-858).',
    3: 'Epoch before a clean shutdown (KIP-966).',
    4: 'Features whose lowest level is 0 are not left out.',
  },
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
  doc: "The broker's epoch.",
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    brokerEpoch: int64({ default: -1 }),
  },
})
