import { int16, message } from '../dsl.ts'

export const SnapshotFooterRecord = message({
  name: 'SnapshotFooterRecord',
  kind: 'data',
  versions: '0',
  flexible: '0+',
  doc: 'Control record: ends a metadata snapshot.',
  fields: {
    version: int16(),
  },
})
