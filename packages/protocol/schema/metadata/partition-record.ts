import { array, int32, int8, message, uuid } from '../dsl.ts'

export const PartitionRecord = message({
  name: 'PartitionRecord',
  kind: 'metadata',
  apiKey: 3,
  versions: '0-2',
  flexible: '0+',
  doc: 'A partition with its replicas, ISR and leader.',
  history: {
    1: 'Log directories (KIP-858).',
    2: 'Eligible and last known leaders (KIP-966).',
  },
  fields: {
    partitionId: int32({ default: -1 }),
    topicId: uuid(),
    replicas: array(int32()),
    isr: array(int32()),
    removingReplicas: array(int32()),
    addingReplicas: array(int32()),
    leader: int32({ default: -1 }),
    leaderRecoveryState: int8({ tag: 0, default: 0 }),
    leaderEpoch: int32({ default: -1 }),
    partitionEpoch: int32({ default: -1 }),
    directories: array(uuid(), { versions: '1+' }),
    eligibleLeaderReplicas: array(int32(), {
      versions: '2+',
      nullable: '2+',
      tag: 1,
      default: null,
    }),
    lastKnownElr: array(int32(), { versions: '2+', nullable: '2+', tag: 2, default: null }),
  },
})
