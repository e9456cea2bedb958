import { PartitionChangeRecord } from '@barnabas/protocol'
import {
  changedPartition as applyChange,
  type PartitionChange,
  type PartitionImage,
} from '../../src/index.ts'

/** Replicas 1, 2, 3, all in sync, led by 1, in leader epoch 5 and partition epoch 10. */
export function createTestPartition(fields: Partial<PartitionImage> = {}): PartitionImage {
  return {
    replicas: [1, 2, 3],
    directories: ['a', 'b', 'c'],
    isr: [1, 2, 3],
    removingReplicas: [],
    addingReplicas: [],
    eligibleLeaderReplicas: [],
    lastKnownElr: [],
    leader: 1,
    leaderRecoveryState: 0,
    leaderEpoch: 5,
    partitionEpoch: 10,
    ...fields,
  }
}

/** The partition after the record with these fields. */
export function changedPartition(before: PartitionImage, change: PartitionChange): PartitionImage {
  return applyChange(before, PartitionChangeRecord.create(change))
}
