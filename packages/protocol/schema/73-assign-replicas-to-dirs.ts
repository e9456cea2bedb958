import { array, int16, int32, int64, message, struct, uuid } from './dsl.ts'

const PartitionData = struct('PartitionData', {
  partitionIndex: int32(),
})

const TopicData = struct('TopicData', {
  topicId: uuid(),
  partitions: array(PartitionData),
})

const DirectoryData = struct('DirectoryData', {
  id: uuid(),
  topics: array(TopicData),
})

export const AssignReplicasToDirsRequest = message({
  name: 'AssignReplicasToDirsRequest',
  kind: 'request',
  apiKey: 73,
  versions: '0',
  flexible: '0+',
  listeners: ['controller'],
  doc: 'Broker to controller: in which log directories replicas are (KIP-858).',
  fields: {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    directories: array(DirectoryData),
  },
})

const AssignReplicasToDirsResponsePartitionData = struct(
  'AssignReplicasToDirsResponsePartitionData',
  {
    partitionIndex: int32(),
    errorCode: int16(),
  },
)

const AssignReplicasToDirsResponseTopicData = struct('AssignReplicasToDirsResponseTopicData', {
  topicId: uuid(),
  partitions: array(AssignReplicasToDirsResponsePartitionData),
})

const AssignReplicasToDirsResponseDirectoryData = struct(
  'AssignReplicasToDirsResponseDirectoryData',
  {
    id: uuid(),
    topics: array(AssignReplicasToDirsResponseTopicData),
  },
)

export const AssignReplicasToDirsResponse = message({
  name: 'AssignReplicasToDirsResponse',
  kind: 'response',
  apiKey: 73,
  versions: '0',
  flexible: '0+',
  doc: 'Whether each assignment was accepted.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    directories: array(AssignReplicasToDirsResponseDirectoryData),
  },
})
