import { array, bool, int16, int32, int64, message, uuid } from './dsl.ts'

export const BrokerHeartbeatRequest = message({
  name: 'BrokerHeartbeatRequest',
  kind: 'request',
  apiKey: 63,
  versions: '0-2',
  flexible: '0+',
  listeners: ['controller'],
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
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    isCaughtUp: bool({ default: false }),
    isFenced: bool({ default: true }),
    shouldShutDown: bool(),
  },
})
