/**
 * Changes of one partition: its ISR, replicas and leader. All of them go through here, because any of
 * them may need an election, end a reassignment, or move replicas between the ISR and the eligible
 * leader replicas (KIP-966). Pure: a partition and what is wanted of it give the change record's fields.
 *
 *                    +----------------- ISR shrinks below min.insync.replicas
 *                    v                                        |
 *   out of sync    ELR  -- ISR empty and elected leader -->  ISR
 *        ^           |
 *        +-----------+  unclean shutdown, or the ISR is large enough again
 */
import type { PartitionChangeRecord, Uuid } from '@barnabas/protocol'
import { MetadataLevel } from '../features/metadata-version.ts'
import {
  DirectoryId,
  LEADER_UNCHANGED,
  LeaderRecoveryState,
  NO_LEADER,
  type PartitionImage,
} from '../image/partition-image.ts'

/** Which leader is wanted: the first replica, any that loses nothing, or any at all. */
export type Election = 'preferred' | 'online' | 'unclean'

/** What the partition shall become; what is absent stays. */
export interface PartitionTarget {
  readonly election?: Election
  readonly isr?: readonly number[]
  readonly replicas?: readonly number[]
  readonly removingReplicas?: readonly number[]
  readonly addingReplicas?: readonly number[]
  readonly leaderRecoveryState?: number
  /** Brokers that may have lost what they had acknowledged. */
  readonly uncleanShutdown?: readonly number[]
  /** Directories by broker, where they become known. */
  readonly directories?: ReadonlyMap<number, Uuid>
}

/** What must be known of the cluster to change a partition. */
export interface PartitionRules {
  /** Alive, not fenced, not leaving, and the replica's directory is online. */
  mayLead(brokerId: number): boolean
  /** Directory of a replica that is new on a broker. */
  defaultDirectory(brokerId: number): Uuid
  /** Of the topic, at most its replication factor. */
  readonly minInSyncReplicas: number
  readonly eligibleLeaderReplicas: boolean
  readonly metadataLevel: number
}

export type PartitionChange = Partial<PartitionChangeRecord>

/** The partition as it is to become, worked on step by step. */
interface Draft {
  isr: readonly number[]
  replicas: readonly number[]
  removingReplicas: readonly number[]
  addingReplicas: readonly number[]
  elr: readonly number[]
}

interface Elected {
  readonly leader: number
  readonly unclean: boolean
}

/** The fields of the change record that leads to the target; null when nothing changes. */
export function decidePartitionChange(
  partition: PartitionImage,
  target: PartitionTarget,
  rules: PartitionRules,
): PartitionChange | null {
  const change: PartitionChange = {}
  const draft: Draft = {
    isr: target.isr ?? partition.isr,
    replicas: target.replicas ?? partition.replicas,
    removingReplicas: target.removingReplicas ?? partition.removingReplicas,
    addingReplicas: target.addingReplicas ?? partition.addingReplicas,
    elr: partition.eligibleLeaderReplicas,
  }
  completeReassignment(draft)
  moveToElr(partition, draft, target.uncleanShutdown ?? [], rules)
  elect(partition, draft, target, rules, change)
  bumpEpochWhenReplicasLeave(partition, draft, change)
  noteElr(partition, draft, rules, change)
  noteIsr(partition, draft, rules, change)
  noteLastKnownLeader(partition, rules, change)
  noteAssignment(partition, draft, target, rules, change)
  const recovery = target.leaderRecoveryState ?? partition.leaderRecoveryState
  if (recovery !== partition.leaderRecoveryState) change.leaderRecoveryState = recovery
  return Object.keys(change).length === 0 ? null : change
}

/** A reassignment is done once all that shall stay are in sync. */
function completeReassignment(draft: Draft): void {
  const { removingReplicas: leaving, addingReplicas: joining } = draft
  if (leaving.length === 0 && joining.length === 0) return
  const isr = without(draft.isr, leaving)
  const replicas = without(draft.replicas, leaving)
  if (isr.length === 0 || !replicas.every((id) => isr.includes(id))) return
  draft.isr = isr
  draft.replicas = replicas
  draft.removingReplicas = []
  draft.addingReplicas = []
}

/**
 * Whoever leaves an ISR that is too small has all that was acknowledged, since nothing can be
 * acknowledged until the ISR is large enough again: it stays eligible.
 */
function moveToElr(
  partition: PartitionImage,
  draft: Draft,
  uncleanShutdown: readonly number[],
  rules: PartitionRules,
): void {
  if (!rules.eligibleLeaderReplicas) return
  if (draft.isr.length >= rules.minInSyncReplicas) {
    draft.elr = []
    return
  }
  const candidates = new Set([...draft.elr, ...partition.isr])
  const isEligible = (id: number) => draft.replicas.includes(id) && !draft.isr.includes(id)
  draft.elr = [...candidates].filter((id) => isEligible(id) && !uncleanShutdown.includes(id))
}

function elect(
  partition: PartitionImage,
  draft: Draft,
  target: PartitionTarget,
  rules: PartitionRules,
  change: PartitionChange,
): void {
  const { leader, unclean } = electLeader(partition, draft, target.election ?? 'online', rules)
  if (draft.elr.includes(leader)) {
    draft.isr = [leader]
    draft.elr = without(draft.elr, [leader])
  }
  if (leader === partition.leader && !unclean) return
  change.leader = leader
  if (!unclean) return
  // What the others hold beyond the new leader's log is lost, so nobody else is in sync with it.
  change.isr = [leader]
  if (partition.leaderRecoveryState !== LeaderRecoveryState.RECOVERING) {
    change.leaderRecoveryState = LeaderRecoveryState.RECOVERING
  }
}

function electLeader(
  partition: PartitionImage,
  draft: Draft,
  election: Election,
  rules: PartitionRules,
): Elected {
  const keepsAll = (id: number) =>
    (draft.isr.includes(id) || (draft.isr.length === 0 && draft.elr.includes(id))) &&
    rules.mayLead(id)
  const preferred = draft.replicas[0]
  if (election === 'preferred' && preferred !== undefined && keepsAll(preferred)) {
    return { leader: preferred, unclean: false }
  }
  if (keepsAll(partition.leader)) return { leader: partition.leader, unclean: false }
  const clean = draft.replicas.find(keepsAll)
  if (clean !== undefined) return { leader: clean, unclean: false }
  const lastKnown = lastKnownLeader(partition, draft, rules)
  if (lastKnown !== null) return { leader: lastKnown, unclean: true }
  const any = election === 'unclean' ? draft.replicas.find((id) => rules.mayLead(id)) : undefined
  return any === undefined ? { leader: NO_LEADER, unclean: false } : { leader: any, unclean: true }
}

/**
 * When ISR and ELR are empty, all replicas went down uncleanly; the one that led last lost least. It
 * must be able to lead like any other.
 */
function lastKnownLeader(
  partition: PartitionImage,
  draft: Draft,
  rules: PartitionRules,
): number | null {
  if (!rules.eligibleLeaderReplicas || draft.isr.length > 0 || draft.elr.length > 0) return null
  const [only, ...more] = partition.lastKnownElr
  if (only === undefined || more.length > 0) return null
  return rules.mayLead(only) ? only : null
}

/** A replica that leaves must not go on fetching under an epoch in which it belonged. */
function bumpEpochWhenReplicasLeave(
  partition: PartitionImage,
  draft: Draft,
  change: PartitionChange,
): void {
  if (change.leader !== undefined) return
  if (!partition.replicas.every((id) => draft.replicas.includes(id))) {
    change.leader = partition.leader
  }
}

function noteElr(
  partition: PartitionImage,
  draft: Draft,
  rules: PartitionRules,
  change: PartitionChange,
): void {
  const unclean = change.isr !== undefined
  if (unclean || !rules.eligibleLeaderReplicas) draft.elr = []
  if (rules.metadataLevel < MetadataLevel.ELIGIBLE_LEADER_REPLICAS) return
  if (!same(draft.elr, partition.eligibleLeaderReplicas)) {
    change.eligibleLeaderReplicas = [...draft.elr]
  }
}

function noteIsr(
  partition: PartitionImage,
  draft: Draft,
  rules: PartitionRules,
  change: PartitionChange,
): void {
  if (change.isr !== undefined || same(draft.isr, partition.isr)) return
  // Without ELR an empty ISR would forget who has the data; the last members stay in it, leaderless.
  if (draft.isr.length === 0 && !rules.eligibleLeaderReplicas) return
  change.isr = [...draft.isr]
}

function noteLastKnownLeader(
  partition: PartitionImage,
  rules: PartitionRules,
  change: PartitionChange,
): void {
  if (!rules.eligibleLeaderReplicas) return
  const known = partition.lastKnownElr
  if (change.isr?.length === 0) {
    if (!same(known, [partition.leader])) change.lastKnownElr = [partition.leader]
    return
  }
  const leader = change.leader ?? LEADER_UNCHANGED
  const isLed = leader >= 0 || (leader === LEADER_UNCHANGED && partition.leader !== NO_LEADER)
  if (isLed && known.length > 0) change.lastKnownElr = []
}

function noteAssignment(
  partition: PartitionImage,
  draft: Draft,
  target: PartitionTarget,
  rules: PartitionRules,
  change: PartitionChange,
): void {
  if (rules.metadataLevel >= MetadataLevel.DIRECTORY_ASSIGNMENT) {
    const directories = draft.replicas.map((id) => directoryAfter(partition, id, target, rules))
    if (!same(directories, partition.directories)) change.directories = directories
  }
  if (!same(draft.replicas, partition.replicas)) change.replicas = [...draft.replicas]
  if (!same(draft.removingReplicas, partition.removingReplicas)) {
    change.removingReplicas = [...draft.removingReplicas]
  }
  if (!same(draft.addingReplicas, partition.addingReplicas)) {
    change.addingReplicas = [...draft.addingReplicas]
  }
}

function directoryAfter(
  partition: PartitionImage,
  brokerId: number,
  target: PartitionTarget,
  rules: PartitionRules,
): Uuid {
  const named = target.directories?.get(brokerId)
  if (named !== undefined) return named
  const at = partition.replicas.indexOf(brokerId)
  if (at < 0) return rules.defaultDirectory(brokerId)
  return partition.directories[at] ?? DirectoryId.UNASSIGNED
}

function without(ids: readonly number[], leaving: readonly number[]): number[] {
  return ids.filter((id) => !leaving.includes(id))
}

function same<T>(left: readonly T[], right: readonly T[]): boolean {
  return left.length === right.length && left.every((value, at) => value === right[at])
}
