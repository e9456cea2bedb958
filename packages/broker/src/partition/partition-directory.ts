/** Finds the partitions that this broker holds, for requests that name them. */
import type { ClusterView } from '../cluster/cluster-view.ts'
import { ErrorCode } from '@barnabas/protocol'
import type { Partition } from './partition.ts'

export interface PartitionDirectory {
  /** The partition as this broker holds it, or the error of why it does not. */
  find(topicId: string, partition: number): Partition | number
}

/** The same for a request that knows the topic by name. */
export function findByName(
  cluster: ClusterView,
  partitions: PartitionDirectory,
  topic: string,
  partition: number,
): Partition | number {
  const known = cluster.image().topics.byName.get(topic)
  if (known === undefined) return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
  return partitions.find(known.id, partition)
}
