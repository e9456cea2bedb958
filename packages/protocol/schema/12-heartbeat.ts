import { int16, int32, message, string } from './dsl.ts'

export const HeartbeatRequest = message({
  name: 'HeartbeatRequest',
  kind: 'request',
  apiKey: 12,
  versions: '0-4',
  flexible: '4+',
  listeners: ['broker'],
  doc: "Keeps a classic group's member alive and asks whether a rebalance is under way.",
  history: {
    3: 'Static members (KIP-345).',
  },
  fields: {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string({ versions: '3+', nullable: '3+', default: null }),
  },
})

export const HeartbeatResponse = message({
  name: 'HeartbeatResponse',
  kind: 'response',
  apiKey: 12,
  versions: '0-4',
  flexible: '4+',
  doc: 'Whether the generation still stands.',
  fields: {
    throttleTimeMs: int32({ versions: '1+', ignorable: true }),
    errorCode: int16(),
  },
})
