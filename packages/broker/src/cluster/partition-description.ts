/** A partition as Metadata and DescribeTopicPartitions tell of it: who leads, who follows, who is away. */
import type { ClusterImage, PartitionImage } from '@barnabas/metadata'
import { DirectoryId, NO_LEADER } from '@barnabas/metadata'
import { ErrorCode } from '@barnabas/protocol'

/** Whether a broker is alive and has the listener that the client uses. */
export type Reachable = (brokerId: number) => boolean

export interface PartitionDescription {
  errorCode: number
  leader: number
  replicas: number[]
  isr: number[]
  offlineReplicas: number[]
}

export interface DescriptionRules {
  /** Version 0 of Metadata leaves out replicas that cannot be reached, and calls that an error. */
  onlyReachable: boolean
  /** Whether the client knows the error that a leader lacks the listener. */
  knowsListenerNotFound: boolean
}

export function describePartition(
  image: ClusterImage,
  partition: PartitionImage,
  reachable: Reachable,
  rules: DescriptionRules,
): PartitionDescription {
  const listed = (ids: readonly number[]) =>
    rules.onlyReachable ? ids.filter(reachable) : [...ids]
  const replicas = listed(partition.replicas)
  const isr = listed(partition.isr)
  const offlineReplicas = partition.replicas.filter(
    (id, at) => !reachable(id) || partition.directories[at] === DirectoryId.LOST,
  )
  if (!reachable(partition.leader)) {
    const known = image.brokers.has(partition.leader) && rules.knowsListenerNotFound
    const errorCode = known ? ErrorCode.LISTENER_NOT_FOUND : ErrorCode.LEADER_NOT_AVAILABLE
    return { errorCode, leader: NO_LEADER, replicas, isr, offlineReplicas }
  }
  const complete =
    replicas.length === partition.replicas.length && isr.length === partition.isr.length
  return {
    errorCode: complete ? ErrorCode.NONE : ErrorCode.REPLICA_NOT_AVAILABLE,
    leader: partition.leader,
    replicas,
    isr,
    offlineReplicas,
  }
}
