import { int16, message } from '../dsl.ts'

export const KRaftVersionRecord = message({
  name: 'KRaftVersionRecord',
  kind: 'data',
  versions: '0',
  flexible: '0+',
  fields: {
    version: int16(),
    kRaftVersion: int16(),
  },
})
