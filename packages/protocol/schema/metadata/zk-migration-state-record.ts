import { int8, message } from '../dsl.ts'

export const ZkMigrationStateRecord = message({
  name: 'ZkMigrationStateRecord',
  kind: 'metadata',
  apiKey: 21,
  versions: '0',
  flexible: '0+',
  fields: {
    zkMigrationState: int8(),
  },
})
