import { array, bool, int16, int32, int64, message, uuid } from './dsl.ts'

export const BrokerHeartbeatRequest = message({
  name: 'BrokerHeartbeatRequest',
  kind: 'request',
  apiKey: 63,
  versions: '0-2',
  flexible: '0+',
  listeners: ['controller'],
  clusterAction: true,
  doc: 'Broker to controller: keeps its registration and asks to be unfenced or to stop (KIP-631).',
  history: {
    1: 'Failed log directories (KIP-858).',
    2: 'Cordoned log directories (KIP-1066).',
  },
  fields: {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    currentMetadataOffset: int64(),
    wantFence: bool(),
    wantShutDown: bool(),
    offlineLogDirs: array(uuid(), { versions: '1+', tag: 0 }),
    cordonedLogDirs: array(uuid(), { versions: '2+', nullable: '2+', tag: 1, default: null }),
  },
})

export const BrokerHeartbeatResponse = message({
  name: 'BrokerHeartbeatResponse',
  kind: 'response',
  apiKey: 63,
  versions: '0-2',
  flexible: '0+',
  doc: 'Whether the broker is fenced, caught up, and may stop.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    isCaughtUp: bool({ default: false }),
    isFenced: bool({ default: true }),
    shouldShutDown: bool(),
  },
})
