import { int32, int64, message } from '../dsl.ts'

export const UnfenceBrokerRecord = message({
  name: 'UnfenceBrokerRecord',
  kind: 'metadata',
  apiKey: 8,
  versions: '0',
  flexible: '0+',
  fields: {
    id: int32(),
    epoch: int64(),
  },
})
