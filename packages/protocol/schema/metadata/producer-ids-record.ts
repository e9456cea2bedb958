import { int32, int64, message } from '../dsl.ts'

export const ProducerIdsRecord = message({
  name: 'ProducerIdsRecord',
  kind: 'metadata',
  apiKey: 15,
  versions: '0',
  flexible: '0+',
  doc: 'A block of producer ids was given to a broker.',
  fields: {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    nextProducerId: int64(),
  },
})
