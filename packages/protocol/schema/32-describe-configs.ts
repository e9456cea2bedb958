import { array, bool, int16, int32, int8, message, string, struct } from './dsl.ts'

const DescribeConfigsResource = struct('DescribeConfigsResource', {
  resourceType: int8(),
  resourceName: string(),
  configurationKeys: array(string(), { nullable: '0+' }),
})

export const DescribeConfigsRequest = message({
  name: 'DescribeConfigsRequest',
  kind: 'request',
  apiKey: 32,
  versions: '1-4',
  flexible: '4+',
  listeners: ['broker', 'controller'],
  doc: 'Asks for the settings of topics, brokers, groups and client metrics.',
  history: {
    1: 'Synonyms, and the source of each value (KIP-226).',
    3: 'Types and documentation (KIP-569).',
  },
  fields: {
    resources: array(DescribeConfigsResource),
    includeSynonyms: bool({ versions: '1+', default: false }),
    includeDocumentation: bool({ versions: '3+', default: false }),
  },
})

const DescribeConfigsSynonym = struct('DescribeConfigsSynonym', {
  name: string({ versions: '1+' }),
  value: string({ versions: '1+', nullable: '0+' }),
  source: int8({ versions: '1+' }),
})

const DescribeConfigsResourceResult = struct('DescribeConfigsResourceResult', {
  name: string(),
  value: string({ nullable: '0+' }),
  readOnly: bool(),
  configSource: int8({ versions: '1+', default: -1, ignorable: true }),
  isSensitive: bool(),
  synonyms: array(DescribeConfigsSynonym, { versions: '1+', ignorable: true }),
  configType: int8({ versions: '3+', default: 0, ignorable: true }),
  documentation: string({ versions: '3+', nullable: '0+', ignorable: true }),
})

const DescribeConfigsResult = struct('DescribeConfigsResult', {
  errorCode: int16(),
  errorMessage: string({ nullable: '0+' }),
  resourceType: int8(),
  resourceName: string(),
  configs: array(DescribeConfigsResourceResult),
})

export const DescribeConfigsResponse = message({
  name: 'DescribeConfigsResponse',
  kind: 'response',
  apiKey: 32,
  versions: '1-4',
  flexible: '4+',
  doc: 'Settings with their sources.',
  fields: {
    throttleTimeMs: int32(),
    results: array(DescribeConfigsResult),
  },
})
