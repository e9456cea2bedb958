import { array, bool, int16, int32, int8, message, string, struct } from './dsl.ts'

const AlterableConfig = struct('AlterableConfig', {
  name: string({ mapKey: true }),
  configOperation: int8({ mapKey: true }),
  value: string({ nullable: '0+' }),
})

const AlterConfigsResource = struct('AlterConfigsResource', {
  resourceType: int8({ mapKey: true }),
  resourceName: string({ mapKey: true }),
  configs: array(AlterableConfig),
})

export const IncrementalAlterConfigsRequest = message({
  name: 'IncrementalAlterConfigsRequest',
  kind: 'request',
  apiKey: 44,
  versions: '0-1',
  flexible: '1+',
  listeners: ['broker', 'controller'],
  forwardable: true,
  doc: 'Sets, deletes, appends to or subtracts from single settings (KIP-339).',
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

export const IncrementalAlterConfigsResponse = message({
  name: 'IncrementalAlterConfigsResponse',
  kind: 'response',
  apiKey: 44,
  versions: '0-1',
  flexible: '1+',
  doc: 'Whether each resource was changed.',
  fields: {
    throttleTimeMs: int32(),
    responses: array(AlterConfigsResourceResponse),
  },
})
