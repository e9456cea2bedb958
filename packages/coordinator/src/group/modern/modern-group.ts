/**
 * What consumer and share groups have in common: members, epochs, and the target assignment.
 *
 *   what the group is about changes    -> group epoch
 *   partitions are assigned for that   -> assignment epoch follows
 *   each member moves to its target    -> member epoch follows
 *
 * Hard state is changed by `apply...` alone, which replay calls. Everything is on the shard's timeline.
 */
import { TimelineMap, TimelineValue, type Timeline } from '@barnabas/base'
import { EMPTY_ASSIGNMENT, type Assignment } from './assignment.ts'
import { countNames, type Subscribers } from './subscription-counts.ts'

export interface ModernMember {
  readonly memberId: string
  readonly memberEpoch: number
  /** Ascending, each once. */
  readonly subscribedTopics: readonly string[]
}

export interface GroupEpoch {
  readonly groupEpoch: number
  /** Of the topics that members read; see `TopicHashes`. */
  readonly metadataHash: bigint
}

export interface TargetEpoch {
  readonly assignmentEpoch: number
  /** When it was computed; 0 when that counts for nothing. */
  readonly assignedAtMs: number
}

const INITIAL_EPOCH: GroupEpoch = { groupEpoch: 1, metadataHash: 0n }
const INITIAL_TARGET: TargetEpoch = { assignmentEpoch: 1, assignedAtMs: 0 }
const NO_TARGET: TargetEpoch = { assignmentEpoch: -1, assignedAtMs: 0 }

export abstract class ModernGroup<M extends ModernMember> {
  readonly groupId: string
  protected readonly membersById: TimelineMap<string, M>
  protected readonly subscribers: TimelineMap<string, Subscribers>
  private readonly epoch: TimelineValue<GroupEpoch>
  private readonly targetEpoch: TimelineValue<TargetEpoch>
  private readonly targets: TimelineMap<string, Assignment>
  /** Soft: the metadata hash has been compared with the present topics. */
  private readonly checked: TimelineValue<boolean>

  constructor(timeline: Timeline, groupId: string) {
    this.groupId = groupId
    this.membersById = new TimelineMap(timeline)
    this.subscribers = new TimelineMap(timeline)
    this.epoch = new TimelineValue(timeline, INITIAL_EPOCH)
    this.targetEpoch = new TimelineValue(timeline, INITIAL_TARGET)
    this.targets = new TimelineMap(timeline)
    this.checked = new TimelineValue(timeline, false)
  }

  // ---- members

  get size(): number {
    return this.membersById.size
  }

  member(memberId: string): M | undefined {
    return this.membersById.get(memberId)
  }

  memberAt(memberId: string, offset: number): M | undefined {
    return this.membersById.getAt(memberId, offset)
  }

  members(): IterableIterator<M> {
    return this.membersById.values()
  }

  *membersAt(offset: number): IterableIterator<M> {
    for (const [, member] of this.membersById.entriesAt(offset)) yield member
  }

  // ---- subscriptions

  /** By topic; not to be changed. */
  subscribedTopics(): Map<string, Subscribers> {
    return new Map(this.subscribers.entries())
  }

  isSubscribedTo(topic: string): boolean {
    return this.subscribers.has(topic)
  }

  // ---- epochs

  get groupEpoch(): number {
    return this.epoch.get().groupEpoch
  }

  get metadataHash(): bigint {
    return this.epoch.get().metadataHash
  }

  epochAt(offset: number): GroupEpoch {
    return this.epoch.getAt(offset)
  }

  applyEpoch(epoch: GroupEpoch): void {
    this.epoch.set(epoch)
  }

  // ---- target assignment

  get assignmentEpoch(): number {
    return this.targetEpoch.get().assignmentEpoch
  }

  get assignedAtMs(): number {
    return this.targetEpoch.get().assignedAtMs
  }

  targetEpochAt(offset: number): TargetEpoch {
    return this.targetEpoch.getAt(offset)
  }

  applyTargetEpoch(epoch: TargetEpoch | null): void {
    this.targetEpoch.set(epoch ?? NO_TARGET)
  }

  target(memberId: string): Assignment {
    return this.targets.get(memberId) ?? EMPTY_ASSIGNMENT
  }

  targetAt(memberId: string, offset: number): Assignment {
    return this.targets.getAt(memberId, offset) ?? EMPTY_ASSIGNMENT
  }

  hasTarget(memberId: string): boolean {
    return this.targets.has(memberId)
  }

  allTargets(): IterableIterator<[string, Assignment]> {
    return this.targets.entries()
  }

  applyTarget(memberId: string, target: Assignment | null): void {
    if (target === null) this.targets.delete(memberId)
    else this.targets.set(memberId, target)
  }

  // ---- metadata

  /** Whether topics may have changed since the metadata hash was computed. */
  get isMetadataStale(): boolean {
    return !this.checked.get()
  }

  markMetadataStale(): void {
    if (this.checked.get()) this.checked.set(false)
  }

  markMetadataChecked(): void {
    if (!this.checked.get()) this.checked.set(true)
  }

  protected countSubscriptions(old: M | undefined, member: M | undefined): void {
    if (old?.subscribedTopics === member?.subscribedTopics) return
    if (old !== undefined) countNames(this.subscribers, old.subscribedTopics, -1)
    if (member !== undefined) countNames(this.subscribers, member.subscribedTopics, 1)
  }
}

/** Whether so much time has passed since the last target assignment that the next one may be computed. */
export function mayAssign(assignedAtMs: number, intervalMs: number, nowMs: number): boolean {
  return assignedAtMs === 0 || intervalMs === 0 || nowMs >= assignedAtMs + intervalMs
}
