import { array, bool, float64, int16, int32, int8, message, string, struct } from './dsl.ts'

const ComponentData = struct('ComponentData', {
  entityType: string(),
  matchType: int8(),
  match: string({ nullable: '0+' }),
})

export const DescribeClientQuotasRequest = message({
  name: 'DescribeClientQuotasRequest',
  kind: 'request',
  apiKey: 48,
  versions: '0-1',
  flexible: '1+',
  listeners: ['broker'],
  doc: 'Asks for quotas that match a filter (KIP-546).',
  fields: {
    components: array(ComponentData),
    strict: bool(),
  },
})

const EntityData = struct('EntityData', {
  entityType: string(),
  entityName: string({ nullable: '0+' }),
})

const ValueData = struct('ValueData', {
  key: string(),
  value: float64(),
})

const EntryData = struct('EntryData', {
  entity: array(EntityData),
  values: array(ValueData),
})

export const DescribeClientQuotasResponse = message({
  name: 'DescribeClientQuotasResponse',
  kind: 'response',
  apiKey: 48,
  versions: '0-1',
  flexible: '1+',
  doc: 'Quotas by entity.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    entries: array(EntryData, { nullable: '0+' }),
  },
})
