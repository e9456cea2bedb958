import { array, bool, int16, int32, int64, message, string, struct, uint16, uuid } from '../dsl.ts'

const BrokerEndpoint = struct('BrokerEndpoint', {
  name: string({ mapKey: true }),
  host: string(),
  port: uint16(),
  securityProtocol: int16(),
})

const BrokerFeature = struct('BrokerFeature', {
  name: string({ mapKey: true }),
  minSupportedVersion: int16(),
  maxSupportedVersion: int16(),
})

export const RegisterBrokerRecord = message({
  name: 'RegisterBrokerRecord',
  kind: 'metadata',
  apiKey: 0,
  versions: '0-4',
  flexible: '0+',
  doc: 'A broker registered.',
  history: {
    1: 'Controlled shutdown.',
    2: 'Migration from ZooKeeper.',
    3: 'Log directories (KIP-858).',
    4: 'Cordoned log directories (KIP-1066).',
  },
  fields: {
    brokerId: int32(),
    isMigratingZkBroker: bool({ versions: '2+', default: false }),
    incarnationId: uuid(),
    brokerEpoch: int64(),
    endPoints: array(BrokerEndpoint),
    features: array(BrokerFeature),
    rack: string({ nullable: '0+' }),
    fenced: bool({ default: true }),
    inControlledShutdown: bool({ versions: '1+', default: false }),
    logDirs: array(uuid(), { versions: '3+', tag: 0 }),
    cordonedLogDirs: array(uuid(), { versions: '4+', nullable: '4+', tag: 1, default: null }),
  },
})
