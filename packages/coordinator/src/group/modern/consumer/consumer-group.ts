/**
 * A group whose partitions the coordinator assigns (KIP-848). Members of the classic protocol may be among
 * its members while a group is moved from one protocol to the other.
 *
 *   Empty        no members
 *   Assigning    partitions have not been assigned for the group epoch yet
 *   Reconciling  some member is not where its target is
 *   Stable
 */
import { TimelineMap, TimelineValue, type Timeline } from '@barnabas/base'
import type { Uuid } from '@barnabas/protocol'
import { EMPTY_ASSIGNMENT, type Assignment } from '../assignment.ts'
import { ModernGroup } from '../modern-group.ts'
import { countMatches, countUp, type Subscribers } from '../subscription-counts.ts'
import { isReconciledTo, patternOf, type ConsumerMember } from './consumer-member.ts'
import type { OwnedPartitions } from './owned-partitions.ts'

export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable'

/** The topics that match a pattern. */
export interface ResolvedPattern {
  /** Ascending. */
  readonly topics: readonly string[]
  /** Of the metadata they were looked up in. */
  readonly version: number
  readonly resolvedAtMs: number
}

/** The partition is with nobody. */
export const FREE = -1

export class ConsumerGroup extends ModernGroup<ConsumerMember> {
  readonly type = 'consumer'
  readonly protocolType = 'consumer'
  private readonly staticMembers: TimelineMap<string, string>
  private readonly patterns: TimelineMap<string, ResolvedPattern>
  private readonly patternSubscribers: TimelineMap<string, number>
  /** Epoch of the member that has the partition, assigned or not revoked yet. */
  private readonly partitionEpochs: TimelineMap<string, number>
  private readonly oldMetadataRecord: TimelineValue<boolean>

  constructor(timeline: Timeline, groupId: string) {
    super(timeline, groupId)
    this.staticMembers = new TimelineMap(timeline)
    this.patterns = new TimelineMap(timeline)
    this.patternSubscribers = new TimelineMap(timeline)
    this.partitionEpochs = new TimelineMap(timeline)
    this.oldMetadataRecord = new TimelineValue<boolean>(timeline, false)
  }

  get state(): ConsumerGroupState {
    const { groupEpoch, assignmentEpoch } = this
    return stateOf(this.size, groupEpoch, assignmentEpoch, this.members())
  }

  stateAt(offset: number): ConsumerGroupState {
    const { groupEpoch } = this.epochAt(offset)
    const { assignmentEpoch } = this.targetEpochAt(offset)
    const size = this.membersById.sizeAt(offset)
    return stateOf(size, groupEpoch, assignmentEpoch, this.membersAt(offset))
  }

  // ---- members

  staticMemberId(instanceId: string | null): string | undefined {
    return instanceId === null ? undefined : this.staticMembers.get(instanceId)
  }

  staticMember(instanceId: string): ConsumerMember | undefined {
    const memberId = this.staticMembers.get(instanceId)
    return memberId === undefined ? undefined : this.member(memberId)
  }

  /** The target of a member, or of the one whose place it takes. */
  targetOf({ memberId, instanceId }: ConsumerMember): Assignment {
    if (instanceId === null) return this.target(memberId)
    const holder = this.staticMembers.get(instanceId)
    return holder === undefined ? EMPTY_ASSIGNMENT : this.target(holder)
  }

  applyMember(member: ConsumerMember): void {
    const { memberId, instanceId } = member
    const old = this.membersById.get(memberId)
    this.membersById.set(memberId, member)
    this.countSubscriptions(old, member)
    this.countPattern(old, member)
    if (old !== undefined) this.releasePartitions(old)
    this.takePartitions(member.assigned, member.memberEpoch)
    this.takePartitions(member.pendingRevocation, member.memberEpoch)
    if (instanceId !== null && this.staticMembers.get(instanceId) !== memberId) {
      this.staticMembers.set(instanceId, memberId)
    }
  }

  applyRemoval(memberId: string): void {
    const old = this.membersById.get(memberId)
    if (old === undefined) return
    this.membersById.delete(memberId)
    this.countSubscriptions(old, undefined)
    this.countPattern(old, undefined)
    this.releasePartitions(old)
    const { instanceId } = old
    if (instanceId !== null && this.staticMembers.get(instanceId) === memberId) {
      this.staticMembers.delete(instanceId)
    }
  }

  /** Epoch of the member that has the partition; `FREE` when nobody has it. */
  partitionEpoch(topicId: Uuid, partition: number): number {
    return this.partitionEpochs.get(`${topicId}:${partition}`) ?? FREE
  }

  // ---- patterns

  patternSubscriberCount(pattern: string): number {
    return this.patternSubscribers.get(pattern) ?? 0
  }

  /** Members by pattern; not to be changed. */
  subscribedPatterns(): Map<string, number> {
    return new Map(this.patternSubscribers.entries())
  }

  get hasPatterns(): boolean {
    return this.patternSubscribers.size > 0
  }

  resolvedPattern(pattern: string): ResolvedPattern | undefined {
    return this.patterns.get(pattern)
  }

  resolvedPatterns(): IterableIterator<[string, ResolvedPattern]> {
    return this.patterns.entries()
  }

  get resolvedPatternCount(): number {
    return this.patterns.size
  }

  applyPattern(pattern: string, resolved: ResolvedPattern | null): void {
    const old = this.patterns.get(pattern)
    if (old !== undefined) countMatches(this.subscribers, old.topics, -1)
    if (resolved === null) this.patterns.delete(pattern)
    else {
      this.patterns.set(pattern, resolved)
      countMatches(this.subscribers, resolved.topics, 1)
    }
  }

  /** All topics a member reads, whether they exist or not. */
  topicsOf(member: ConsumerMember): readonly string[] {
    const pattern = patternOf(member)
    const matched = pattern === null ? undefined : this.patterns.get(pattern)?.topics
    if (matched === undefined || matched.length === 0) return member.subscribedTopics
    if (member.subscribedTopics.length === 0) return matched
    return [...new Set([...member.subscribedTopics, ...matched])].sort()
  }

  // ---- records of brokers before 4.1

  get hasOldMetadataRecord(): boolean {
    return this.oldMetadataRecord.get()
  }

  applyOldMetadataRecord(exists: boolean): void {
    if (this.oldMetadataRecord.get() !== exists) this.oldMetadataRecord.set(exists)
  }

  private countPattern(old: ConsumerMember | undefined, member: ConsumerMember | undefined): void {
    const before = patternOf(old)
    const after = patternOf(member)
    if (before === after) return
    if (before !== null) countUp(this.patternSubscribers, before, -1)
    if (after !== null) countUp(this.patternSubscribers, after, 1)
  }

  private releasePartitions({ assigned, pendingRevocation, memberEpoch }: ConsumerMember): void {
    for (const owned of [assigned, pendingRevocation]) {
      for (const [topicId, partitions] of owned) {
        for (const partition of partitions.keys()) {
          const key = `${topicId}:${partition}`
          // Somebody else may have it by now, in a later epoch.
          if (this.partitionEpochs.get(key) === memberEpoch) this.partitionEpochs.delete(key)
        }
      }
    }
  }

  private takePartitions(owned: OwnedPartitions, memberEpoch: number): void {
    for (const [topicId, partitions] of owned) {
      for (const partition of partitions.keys()) {
        const key = `${topicId}:${partition}`
        const present = this.partitionEpochs.get(key)
        if (present === undefined || present < memberEpoch) {
          this.partitionEpochs.set(key, memberEpoch)
        }
      }
    }
  }
}

/** Whether the members of a group all read the same topics, which makes assigning simpler. */
export function isHomogeneous(
  patterns: ReadonlyMap<string, number>,
  topics: ReadonlyMap<string, Subscribers>,
  memberCount: number,
): boolean {
  const values = [...topics.values()]
  if (patterns.size === 0) return values.every(({ byName }) => byName === memberCount)
  const [first] = patterns.values()
  if (first !== memberCount) return false
  return values.every(({ byName, byPattern }) => byPattern === 1 && byName === 0)
}

function stateOf(
  size: number,
  groupEpoch: number,
  assignmentEpoch: number,
  members: Iterable<ConsumerMember>,
): ConsumerGroupState {
  if (size === 0) return 'Empty'
  if (groupEpoch > assignmentEpoch) return 'Assigning'
  for (const member of members) {
    if (!isReconciledTo(member, assignmentEpoch)) return 'Reconciling'
  }
  return 'Stable'
}
