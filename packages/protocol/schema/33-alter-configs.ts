import { array, bool, int16, int32, int8, message, string, struct } from './dsl.ts'

const AlterableConfig = struct('AlterableConfig', {
  name: string({ mapKey: true }),
  value: string({ nullable: '0+' }),
})

const AlterConfigsResource = struct('AlterConfigsResource', {
  resourceType: int8({ mapKey: true }),
  resourceName: string({ mapKey: true }),
  configs: array(AlterableConfig),
})

export const AlterConfigsRequest = message({
  name: 'AlterConfigsRequest',
  kind: 'request',
  apiKey: 33,
  versions: '0-2',
  flexible: '2+',
  listeners: ['broker', 'controller'],
  forwardable: true,
  doc: 'Replaces all settings of resources; IncrementalAlterConfigs is the better way.',
  fields: {
    resources: array(AlterConfigsResource),
    validateOnly: bool(),
  },
})

const AlterConfigsResourceResponse = struct('AlterConfigsResourceResponse', {
  errorCode: int16(),
  errorMessage: string({ nullable: '0+' }),
  resourceType: int8(),
  resourceName: string(),
})

export const AlterConfigsResponse = message({
  name: 'AlterConfigsResponse',
  kind: 'response',
  apiKey: 33,
  versions: '0-2',
  flexible: '2+',
  doc: 'Whether each resource was changed.',
  fields: {
    throttleTimeMs: int32(),
    responses: array(AlterConfigsResourceResponse),
  },
})
