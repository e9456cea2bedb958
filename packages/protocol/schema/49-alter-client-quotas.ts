import { array, bool, float64, int16, int32, message, string, struct } from './dsl.ts'

const EntityData = struct('EntityData', {
  entityType: string(),
  entityName: string({ nullable: '0+' }),
})

const OpData = struct('OpData', {
  key: string(),
  value: float64(),
  remove: bool(),
})

const EntryData = struct('EntryData', {
  entity: array(EntityData),
  ops: array(OpData),
})

export const AlterClientQuotasRequest = message({
  name: 'AlterClientQuotasRequest',
  kind: 'request',
  apiKey: 49,
  versions: '0-1',
  flexible: '1+',
  listeners: ['broker', 'controller'],
  forwardable: true,
  doc: 'Sets and removes quotas (KIP-546).',
  fields: {
    entries: array(EntryData),
    validateOnly: bool(),
  },
})

const AlterClientQuotasResponseEntryData = struct('AlterClientQuotasResponseEntryData', {
  errorCode: int16(),
  errorMessage: string({ nullable: '0+' }),
  entity: array(EntityData),
})

export const AlterClientQuotasResponse = message({
  name: 'AlterClientQuotasResponse',
  kind: 'response',
  apiKey: 49,
  versions: '0-1',
  flexible: '1+',
  doc: 'Whether each entity was changed.',
  fields: {
    throttleTimeMs: int32(),
    entries: array(AlterClientQuotasResponseEntryData),
  },
})
