import { array, bool, float64, message, string, struct } from '../dsl.ts'

const EntityData = struct('EntityData', {
  entityType: string(),
  entityName: string({ nullable: '0+' }),
})

export const ClientQuotaRecord = message({
  name: 'ClientQuotaRecord',
  kind: 'metadata',
  apiKey: 14,
  versions: '0',
  flexible: '0+',
  doc: 'Sets or removes one quota of an entity.',
  fields: {
    entity: array(EntityData),
    key: string(),
    value: float64(),
    remove: bool(),
  },
})
