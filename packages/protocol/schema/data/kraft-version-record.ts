import { int16, message } from '../dsl.ts'

export const KRaftVersionRecord = message({
  name: 'KRaftVersionRecord',
  kind: 'data',
  versions: '0',
  flexible: '0+',
  doc: "Control record: the version of the quorum's own protocol (KIP-853).",
  fields: {
    version: int16(),
    kRaftVersion: int16(),
  },
})
