import { array, bool, int16, int32, int64, message, string, struct } from './dsl.ts'

const DescribableLogDirTopic = struct('DescribableLogDirTopic', {
  topic: string({ mapKey: true }),
  partitions: array(int32()),
})

export const DescribeLogDirsRequest = message({
  name: 'DescribeLogDirsRequest',
  kind: 'request',
  apiKey: 35,
  versions: '1-5',
  flexible: '2+',
  listeners: ['broker'],
  doc: 'Asks for log directories and the sizes of replicas in them.',
  history: {
    3: 'A top level error code.',
    4: 'Size of the volume and room left on it (KIP-827).',
    5: 'Cordoned directories are marked (KIP-1066).',
  },
  fields: {
    topics: array(DescribableLogDirTopic, { nullable: '0+' }),
  },
})

const DescribeLogDirsPartition = struct('DescribeLogDirsPartition', {
  partitionIndex: int32(),
  partitionSize: int64(),
  offsetLag: int64(),
  isFutureKey: bool(),
})

const DescribeLogDirsTopic = struct('DescribeLogDirsTopic', {
  name: string(),
  partitions: array(DescribeLogDirsPartition),
})

const DescribeLogDirsResult = struct('DescribeLogDirsResult', {
  errorCode: int16(),
  logDir: string(),
  topics: array(DescribeLogDirsTopic),
  totalBytes: int64({ versions: '4+', default: -1, ignorable: true, as: 'saturate' }),
  usableBytes: int64({ versions: '4+', default: -1, ignorable: true, as: 'saturate' }),
  isCordoned: bool({ versions: '5+', default: false, ignorable: true }),
})

export const DescribeLogDirsResponse = message({
  name: 'DescribeLogDirsResponse',
  kind: 'response',
  apiKey: 35,
  versions: '1-5',
  flexible: '2+',
  doc: 'Directories with their replicas.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16({ versions: '3+', ignorable: true }),
    results: array(DescribeLogDirsResult),
  },
})
