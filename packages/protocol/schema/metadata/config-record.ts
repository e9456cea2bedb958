import { int8, message, string } from '../dsl.ts'

export const ConfigRecord = message({
  name: 'ConfigRecord',
  kind: 'metadata',
  apiKey: 4,
  versions: '0',
  flexible: '0+',
  doc: 'Sets a setting of a resource, or removes it with null.',
  fields: {
    resourceType: int8(),
    resourceName: string(),
    name: string(),
    value: string({ nullable: '0+' }),
  },
})
