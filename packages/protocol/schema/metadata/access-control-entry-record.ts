import { int8, message, string, uuid } from '../dsl.ts'

export const AccessControlEntryRecord = message({
  name: 'AccessControlEntryRecord',
  kind: 'metadata',
  apiKey: 18,
  versions: '0',
  flexible: '0+',
  doc: 'An ACL.',
  fields: {
    id: uuid(),
    resourceType: int8(),
    resourceName: string(),
    patternType: int8(),
    principal: string(),
    host: string(),
    operation: int8(),
    permissionType: int8(),
  },
})
