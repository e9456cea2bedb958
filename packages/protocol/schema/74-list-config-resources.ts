import { array, int16, int32, int8, message, string, struct } from './dsl.ts'

export const ListConfigResourcesRequest = message({
  name: 'ListConfigResourcesRequest',
  kind: 'request',
  apiKey: 74,
  versions: '0-1',
  flexible: '0+',
  listeners: ['broker'],
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
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    configResources: array(ConfigResource),
  },
})
