/** The groups of one shard by id, whatever protocol they speak. */
import { ApiError, TimelineMap, type Timeline } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import { ClassicGroup } from './classic/classic-group.ts'
import { classicOffsetRules } from './classic/classic-offsets.ts'
import { ConsumerGroup } from './modern/consumer/consumer-group.ts'
import { consumerOffsetRules } from './modern/consumer/consumer-offsets.ts'
import type { OffsetRules } from './offsets/offset-rules.ts'

export type Group = ClassicGroup | ConsumerGroup

export function offsetRulesOf(group: Group): OffsetRules {
  return group.type === 'classic' ? classicOffsetRules(group) : consumerOffsetRules(group)
}

export class GroupRegistry {
  readonly timeline: Timeline
  private readonly groups: TimelineMap<string, Group>
  /** Classic groups with members at work, whose records are about to be replayed. */
  private readonly prepared: TimelineMap<string, ClassicGroup>

  constructor(timeline: Timeline) {
    this.timeline = timeline
    this.groups = new TimelineMap(timeline)
    this.prepared = new TimelineMap(timeline)
  }

  get size(): number {
    return this.groups.size
  }

  get(groupId: string): Group | undefined {
    return this.groups.get(groupId)
  }

  getAt(groupId: string, offset: number): Group | undefined {
    return this.groups.getAt(groupId, offset)
  }

  values(): IterableIterator<Group> {
    return this.groups.values()
  }

  *valuesAt(offset: number): IterableIterator<Group> {
    for (const [, group] of this.groups.entriesAt(offset)) yield group
  }

  /** A group that has offsets but no members has no record of its own. */
  ensure(groupId: string, nowMs: number): void {
    if (!this.groups.has(groupId)) this.classicOrCreate(groupId, nowMs)
  }

  /** Null when there is no such group, or it speaks another protocol. */
  classic(groupId: string): ClassicGroup | null {
    const group = this.groups.get(groupId)
    return group?.type === 'classic' ? group : null
  }

  /** The group of a request that only its members make. */
  classicOfMember(groupId: string): ClassicGroup {
    const group = this.classic(groupId)
    if (group === null) throw new ApiError(ErrorCode.UNKNOWN_MEMBER_ID)
    return group
  }

  classicOrCreate(groupId: string, nowMs: number): ClassicGroup {
    const group = this.classic(groupId)
    if (group !== null) return group
    const created = this.prepared.get(groupId) ?? new ClassicGroup(this.timeline, groupId, nowMs)
    this.prepared.delete(groupId)
    this.groups.set(groupId, created)
    return created
  }

  /** What the group will be once the record of a classic group is replayed that takes the place of another. */
  prepare(group: ClassicGroup): void {
    this.prepared.set(group.groupId, group)
  }

  /** Null when there is no such group, or it speaks another protocol. */
  consumer(groupId: string): ConsumerGroup | null {
    const group = this.groups.get(groupId)
    return group?.type === 'consumer' ? group : null
  }

  consumerOrCreate(groupId: string): ConsumerGroup {
    const group = this.consumer(groupId)
    if (group !== null) return group
    const created = new ConsumerGroup(this.timeline, groupId)
    this.groups.set(groupId, created)
    return created
  }

  delete(groupId: string): void {
    this.groups.delete(groupId)
  }
}
