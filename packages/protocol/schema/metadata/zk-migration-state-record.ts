import { int8, message } from '../dsl.ts'

export const ZkMigrationStateRecord = message({
  name: 'ZkMigrationStateRecord',
  kind: 'metadata',
  apiKey: 21,
  versions: '0',
  flexible: '0+',
  doc: 'Where a migration from ZooKeeper stands; kept because logs of 3.x may hold it.',
  fields: {
    zkMigrationState: int8(),
  },
})
