import { int32, int64, message } from '../dsl.ts'

export const FenceBrokerRecord = message({
  name: 'FenceBrokerRecord',
  kind: 'metadata',
  apiKey: 7,
  versions: '0',
  flexible: '0+',
  doc: 'A broker is fenced. Replaced by BrokerRegistrationChangeRecord.',
  fields: {
    id: int32(),
    epoch: int64(),
  },
})
