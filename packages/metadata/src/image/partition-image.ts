/** One partition as the cluster knows it, and how a change record changes it. */
import type { PartitionChangeRecord, PartitionRecord, Uuid } from '@barnabas/protocol'

/** Nobody leads. */
export const NO_LEADER = -1
/** In a change record: the leader stays, and so does its epoch. */
export const LEADER_UNCHANGED = -2

/** Reserved ids of log directories. */
export const DirectoryId = {
  /** Written before directories had ids. */
  MIGRATING: 'AAAAAAAAAAAAAAAAAAAAAA',
  /** The broker has yet to say where it put the replica. */
  UNASSIGNED: 'AAAAAAAAAAAAAAAAAAAAAQ',
  /** The replica was in a directory that failed. */
  LOST: 'AAAAAAAAAAAAAAAAAAAAAg',
} as const

export const LeaderRecoveryState = {
  UNCHANGED: -1,
  RECOVERED: 0,
  /** The leader came in by an unclean election and has not yet settled what was lost. */
  RECOVERING: 1,
} as const

export interface PartitionImage {
  /** The first is the preferred leader. */
  readonly replicas: readonly number[]
  /** The log directory of each replica, in the same order. */
  readonly directories: readonly Uuid[]
  readonly isr: readonly number[]
  readonly removingReplicas: readonly number[]
  readonly addingReplicas: readonly number[]
  readonly eligibleLeaderReplicas: readonly number[]
  readonly lastKnownElr: readonly number[]
  /** -1 when nobody leads. */
  readonly leader: number
  readonly leaderRecoveryState: number
  /** Grows with every change of the leader, and when leadership is granted anew. */
  readonly leaderEpoch: number
  /** Grows with every change. */
  readonly partitionEpoch: number
}

export function partitionFromRecord(record: PartitionRecord): PartitionImage {
  return {
    replicas: record.replicas,
    directories: knownDirectories(record.directories, record.replicas.length),
    isr: record.isr,
    removingReplicas: record.removingReplicas,
    addingReplicas: record.addingReplicas,
    eligibleLeaderReplicas: record.eligibleLeaderReplicas ?? [],
    lastKnownElr: record.lastKnownElr ?? [],
    leader: record.leader,
    leaderRecoveryState: record.leaderRecoveryState,
    leaderEpoch: record.leaderEpoch,
    partitionEpoch: record.partitionEpoch,
  }
}

/** The partition after a change. A field of the record that is null changes nothing. */
export function changedPartition(
  before: PartitionImage,
  record: PartitionChangeRecord,
): PartitionImage {
  const replicas = record.replicas ?? before.replicas
  const leaderStays = record.leader === LEADER_UNCHANGED
  const recovery = record.leaderRecoveryState
  return {
    replicas,
    directories: knownDirectories(record.directories ?? before.directories, replicas.length),
    isr: record.isr ?? before.isr,
    removingReplicas: record.removingReplicas ?? before.removingReplicas,
    addingReplicas: record.addingReplicas ?? before.addingReplicas,
    eligibleLeaderReplicas: record.eligibleLeaderReplicas ?? before.eligibleLeaderReplicas,
    lastKnownElr: record.lastKnownElr ?? before.lastKnownElr,
    leader: leaderStays ? before.leader : record.leader,
    leaderRecoveryState:
      recovery === LeaderRecoveryState.UNCHANGED ? before.leaderRecoveryState : recovery,
    // Naming the same leader again grants it a new epoch.
    leaderEpoch: leaderStays ? before.leaderEpoch : before.leaderEpoch + 1,
    partitionEpoch: before.partitionEpoch + 1,
  }
}

export function isReassigning(partition: PartitionImage): boolean {
  return partition.addingReplicas.length > 0 || partition.removingReplicas.length > 0
}

/** The directory of a broker's replica; null when it has none here. */
export function directoryOf(partition: PartitionImage, brokerId: number): Uuid | null {
  const at = partition.replicas.indexOf(brokerId)
  return at < 0 ? null : (partition.directories[at] ?? DirectoryId.UNASSIGNED)
}

/** Old records know no directories; later code may rely on one per replica. */
function knownDirectories(directories: readonly Uuid[], replicaCount: number): readonly Uuid[] {
  const migrating = directories.every((directory) => directory === DirectoryId.MIGRATING)
  if (!migrating) return directories
  return new Array<Uuid>(replicaCount).fill(DirectoryId.MIGRATING)
}
