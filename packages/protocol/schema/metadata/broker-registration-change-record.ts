import { array, int32, int64, int8, message, uuid } from '../dsl.ts'

export const BrokerRegistrationChangeRecord = message({
  name: 'BrokerRegistrationChangeRecord',
  kind: 'metadata',
  apiKey: 17,
  versions: '0-3',
  flexible: '0+',
  doc: "Changes of a broker's registration: fencing, shutdown, directories.",
  history: {
    1: 'Controlled shutdown.',
    2: 'Log directories (KIP-858).',
    3: 'Cordoned log directories (KIP-1066).',
  },
  fields: {
    brokerId: int32(),
    brokerEpoch: int64(),
    fenced: int8({ tag: 0 }),
    inControlledShutdown: int8({ versions: '1+', tag: 1 }),
    logDirs: array(uuid(), { versions: '2+', tag: 2 }),
    cordonedLogDirs: array(uuid(), { versions: '3+', nullable: '3+', tag: 3, default: null }),
  },
})
