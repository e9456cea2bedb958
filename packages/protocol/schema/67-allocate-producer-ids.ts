import { int16, int32, int64, message } from './dsl.ts'

export const AllocateProducerIdsRequest = message({
  name: 'AllocateProducerIdsRequest',
  kind: 'request',
  apiKey: 67,
  versions: '0',
  flexible: '0+',
  listeners: ['controller'],
  forwardable: true,
  clusterAction: true,
  doc: 'Broker to controller: asks for a block of producer ids (KIP-730).',
  fields: {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
  },
})

export const AllocateProducerIdsResponse = message({
  name: 'AllocateProducerIdsResponse',
  kind: 'response',
  apiKey: 67,
  versions: '0',
  flexible: '0+',
  doc: 'First id and length of the block.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    producerIdStart: int64(),
    producerIdLen: int32(),
  },
})
