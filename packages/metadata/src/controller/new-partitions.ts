/** Partitions that are to come into being: checks of the replicas named, placement of all others. */
import { ErrorCode } from '@barnabas/protocol'
import { type ClusterImage, isActive } from '../image/cluster-image.ts'
import { LeaderRecoveryState, type PartitionImage } from '../image/partition-image.ts'
import { type ControllerContext, defaultDirectory } from './context.ts'
import { MAX_RECORDS_PER_REQUEST } from './limits.ts'
import { apiError } from './outcome.ts'
import { placementCandidates, placeReplicas } from './placement.ts'

/** Replica lists for new partitions without an assignment of their own. */
export function placeNewPartitions(
  context: ControllerContext,
  count: number,
  replicationFactor: number,
): number[][] {
  if (count > MAX_RECORDS_PER_REQUEST) {
    throw apiError(
      ErrorCode.POLICY_VIOLATION,
      `${count} partitions at a time are too many; ${MAX_RECORDS_PER_REQUEST} are allowed`,
    )
  }
  const candidates = placementCandidates(context.image)
  return placeReplicas(candidates, count, replicationFactor, context.entropy)
}

export function checkReplicationFactor(replicationFactor: number): void {
  if (replicationFactor >= -1 && replicationFactor !== 0) return
  throw apiError(
    ErrorCode.INVALID_REPLICATION_FACTOR,
    'Replication factor must be larger than 0, or -1 to use the default value.',
  )
}

/** Throws when brokers cannot be the replicas of a partition; `replicationFactor` null allows any number. */
export function checkManualAssignment(
  image: ClusterImage,
  brokerIds: readonly number[],
  replicationFactor: number | null,
): void {
  if (brokerIds.length === 0) throw invalid('includes an empty replica list.')
  const unknown = brokerIds.find((id) => !image.brokers.has(id))
  if (unknown !== undefined) {
    throw invalid(`includes broker ${unknown}, but no such broker is registered.`)
  }
  const twice = brokerIds.find((id, at) => brokerIds.indexOf(id) !== at)
  if (twice !== undefined) throw invalid(`includes the broker ${twice} more than once.`)
  if (replicationFactor !== null && brokerIds.length !== replicationFactor) {
    throw invalid(
      `has a partition with ${brokerIds.length} replica(s), the others have ${replicationFactor}.`,
    )
  }
}

/** A fresh partition. Throws when none of its replicas is in service. */
export function newPartition(image: ClusterImage, replicas: readonly number[]): PartitionImage {
  const isr = replicas.filter((id) => isActive(image, id))
  if (isr.length === 0) {
    throw apiError(
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      `All replicas [${replicas.join(', ')}] are fenced or in controlled shutdown.`,
    )
  }
  return {
    replicas,
    directories: replicas.map((id) => defaultDirectory(image, id)),
    isr,
    removingReplicas: [],
    addingReplicas: [],
    eligibleLeaderReplicas: [],
    lastKnownElr: [],
    leader: isr[0]!,
    leaderRecoveryState: LeaderRecoveryState.RECOVERED,
    leaderEpoch: 0,
    partitionEpoch: 0,
  }
}

function invalid(what: string) {
  return apiError(ErrorCode.INVALID_REPLICA_ASSIGNMENT, `The manual partition assignment ${what}`)
}
