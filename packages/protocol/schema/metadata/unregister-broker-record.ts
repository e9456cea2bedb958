import { int32, int64, message } from '../dsl.ts'

export const UnregisterBrokerRecord = message({
  name: 'UnregisterBrokerRecord',
  kind: 'metadata',
  apiKey: 1,
  versions: '0',
  flexible: '0+',
  doc: "A broker's registration is gone.",
  fields: {
    brokerId: int32(),
    brokerEpoch: int64(),
  },
})
