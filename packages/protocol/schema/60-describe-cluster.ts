import { array, bool, int16, int32, int8, message, string, struct } from './dsl.ts'

export const DescribeClusterRequest = message({
  name: 'DescribeClusterRequest',
  kind: 'request',
  apiKey: 60,
  versions: '0-2',
  flexible: '0+',
  listeners: ['broker', 'controller'],
  doc: 'Asks for the brokers or controllers of the cluster (KIP-700).',
  history: {
    1: 'Endpoints of controllers (KIP-919).',
    2: 'Fenced brokers on request (KIP-1073).',
  },
  fields: {
    includeClusterAuthorizedOperations: bool(),
    endpointType: int8({ versions: '1+', default: 1 }),
    includeFencedBrokers: bool({ versions: '2+' }),
  },
})

const DescribeClusterBroker = struct('DescribeClusterBroker', {
  brokerId: int32({ mapKey: true }),
  host: string(),
  port: int32(),
  rack: string({ nullable: '0+', default: null }),
  isFenced: bool({ versions: '2+' }),
})

export const DescribeClusterResponse = message({
  name: 'DescribeClusterResponse',
  kind: 'response',
  apiKey: 60,
  versions: '0-2',
  flexible: '0+',
  doc: 'Cluster id, controller and nodes.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+', default: null }),
    endpointType: int8({ versions: '1+', default: 1 }),
    clusterId: string(),
    controllerId: int32({ default: -1 }),
    brokers: array(DescribeClusterBroker),
    clusterAuthorizedOperations: int32({ default: -2147483648 }),
  },
})
