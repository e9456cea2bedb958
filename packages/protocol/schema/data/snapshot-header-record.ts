import { int16, int64, message } from '../dsl.ts'

export const SnapshotHeaderRecord = message({
  name: 'SnapshotHeaderRecord',
  kind: 'data',
  versions: '0',
  flexible: '0+',
  doc: 'Control record: begins a metadata snapshot.',
  fields: {
    version: int16(),
    lastContainedLogTimestamp: int64({ as: 'saturate' }),
  },
})
