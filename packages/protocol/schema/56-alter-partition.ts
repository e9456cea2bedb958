import { array, int16, int32, int64, int8, message, struct, uuid } from './dsl.ts'

const BrokerState = struct('BrokerState', {
  brokerId: int32({ versions: '3+' }),
  brokerEpoch: int64({ versions: '3+', default: -1 }),
})

const PartitionData = struct('PartitionData', {
  partitionIndex: int32(),
  leaderEpoch: int32(),
  newIsr: array(int32(), { versions: '0-2' }),
  newIsrWithEpochs: array(BrokerState, { versions: '3+' }),
  leaderRecoveryState: int8({ versions: '1+', default: 0 }),
  partitionEpoch: int32(),
})

const TopicData = struct('TopicData', {
  topicId: uuid({ versions: '2+', ignorable: true }),
  partitions: array(PartitionData),
})

export const AlterPartitionRequest = message({
  name: 'AlterPartitionRequest',
  kind: 'request',
  apiKey: 56,
  versions: '2-3',
  flexible: '0+',
  listeners: ['controller'],
  clusterAction: true,
  doc: 'Leader to controller: proposes a new ISR (KIP-497).',
  history: {
    2: 'Topic ids replace names (KIP-841).',
    3: "Broker epochs of the new ISR's members (KIP-903).",
  },
  fields: {
    brokerId: int32(),
    brokerEpoch: int64({ default: -1 }),
    topics: array(TopicData),
  },
})

const AlterPartitionResponsePartitionData = struct('AlterPartitionResponsePartitionData', {
  partitionIndex: int32(),
  errorCode: int16(),
  leaderId: int32(),
  leaderEpoch: int32(),
  isr: array(int32()),
  leaderRecoveryState: int8({ versions: '1+', default: 0, ignorable: true }),
  partitionEpoch: int32(),
})

const AlterPartitionResponseTopicData = struct('AlterPartitionResponseTopicData', {
  topicId: uuid({ versions: '2+', ignorable: true }),
  partitions: array(AlterPartitionResponsePartitionData),
})

export const AlterPartitionResponse = message({
  name: 'AlterPartitionResponse',
  kind: 'response',
  apiKey: 56,
  versions: '2-3',
  flexible: '0+',
  doc: 'The partition state that the controller decided.',
  fields: {
    throttleTimeMs: int32(),
    errorCode: int16(),
    topics: array(AlterPartitionResponseTopicData),
  },
})
