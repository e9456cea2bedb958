import { int32, int64, message } from '../dsl.ts'

export const UnfenceBrokerRecord = message({
  name: 'UnfenceBrokerRecord',
  kind: 'metadata',
  apiKey: 8,
  versions: '0',
  flexible: '0+',
  doc: 'A broker is unfenced. Replaced by BrokerRegistrationChangeRecord.',
  fields: {
    id: int32(),
    epoch: int64(),
  },
})
