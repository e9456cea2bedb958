import { array, int16, int32, int8, message, string, struct } from './dsl.ts'

export const ListConfigResourcesRequest = message({
  name: 'ListConfigResourcesRequest',
  kind: 'request',
  apiKey: 74,
  versions: '0-1',
  flexible: '0+',
  listeners: ['broker'],
  doc: 'Asks for the resources that have settings (KIP-1142).',
  history: {
    1: 'Any type of resource; before, only client metrics.',
  },
  fields: {
    resourceTypes: array(int8(), { versions: '1+' }),
  },
})

const ConfigResource = struct('ConfigResource', {
  resourceName: string(),
  resourceType: int8({ versions: '1+', default: 16, ignorable: true }),
})

export const ListConfigResourcesResponse = message({
  name: 'ListConfigResourcesResponse',
  kind: 'response',
  apiKey: 74,
  versions: '0-1',
  flexible: '0+',
  doc: 'Names and types of resources.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    configResources: array(ConfigResource),
  },
})
