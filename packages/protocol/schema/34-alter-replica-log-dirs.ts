import { array, int16, int32, message, string, struct } from './dsl.ts'

const AlterReplicaLogDirTopic = struct('AlterReplicaLogDirTopic', {
  name: string({ mapKey: true }),
  partitions: array(int32()),
})

const AlterReplicaLogDir = struct('AlterReplicaLogDir', {
  path: string({ mapKey: true }),
  topics: array(AlterReplicaLogDirTopic),
})

export const AlterReplicaLogDirsRequest = message({
  name: 'AlterReplicaLogDirsRequest',
  kind: 'request',
  apiKey: 34,
  versions: '1-2',
  flexible: '2+',
  listeners: ['broker'],
  doc: 'Moves replicas to other log directories of their broker.',
  fields: {
    dirs: array(AlterReplicaLogDir),
  },
})

const AlterReplicaLogDirPartitionResult = struct('AlterReplicaLogDirPartitionResult', {
  partitionIndex: int32(),
  errorCode: int16(),
})

const AlterReplicaLogDirTopicResult = struct('AlterReplicaLogDirTopicResult', {
  topicName: string(),
  partitions: array(AlterReplicaLogDirPartitionResult),
})

export const AlterReplicaLogDirsResponse = message({
  name: 'AlterReplicaLogDirsResponse',
  kind: 'response',
  apiKey: 34,
  versions: '1-2',
  flexible: '2+',
  doc: 'Whether each move was begun.',
  fields: {
    throttleTimeMs: int32(),
    results: array(AlterReplicaLogDirTopicResult),
  },
})
