import { array, int32, int8, message, uuid } from '../dsl.ts'

export const PartitionChangeRecord = message({
  name: 'PartitionChangeRecord',
  kind: 'metadata',
  apiKey: 5,
  versions: '0-2',
  flexible: '0+',
  doc: 'Changes of a partition; a field that stays as it is, is left out.',
  history: {
    1: 'Log directories (KIP-858).',
    2: 'Eligible and last known leaders (KIP-966).',
  },
  fields: {
    partitionId: int32({ default: -1 }),
    topicId: uuid(),
    isr: array(int32(), { nullable: '0+', tag: 0, default: null }),
    leader: int32({ tag: 1, default: -2 }),
    replicas: array(int32(), { nullable: '0+', tag: 2, default: null }),
    removingReplicas: array(int32(), { nullable: '0+', tag: 3, default: null }),
    addingReplicas: array(int32(), { nullable: '0+', tag: 4, default: null }),
    leaderRecoveryState: int8({ tag: 5, default: -1 }),
    directories: array(uuid(), { versions: '1+', nullable: '1+', tag: 8, default: null }),
    eligibleLeaderReplicas: array(int32(), {
      versions: '2+',
      nullable: '2+',
      tag: 6,
      default: null,
    }),
    lastKnownElr: array(int32(), { versions: '2+', nullable: '2+', tag: 7, default: null }),
  },
})
