/** Offsets by group, topic and partition, on a timeline. Empty levels disappear. */
import { TimelineMap, type Timeline } from '@barnabas/base'
import type { OffsetAndMetadata } from './offset-and-metadata.ts'

export type PartitionOffsets = TimelineMap<number, OffsetAndMetadata>
export type TopicOffsets = TimelineMap<string, PartitionOffsets>

export class OffsetTable {
  private readonly timeline: Timeline
  private readonly groups: TimelineMap<string, TopicOffsets>

  constructor(timeline: Timeline) {
    this.timeline = timeline
    this.groups = new TimelineMap(timeline)
  }

  get size(): number {
    let size = 0
    for (const topics of this.groups.values()) {
      for (const partitions of topics.values()) size += partitions.size
    }
    return size
  }

  groupIds(): IterableIterator<string> {
    return this.groups.keys()
  }

  topics(groupId: string): TopicOffsets | undefined {
    return this.groups.get(groupId)
  }

  topicsAt(groupId: string, offset: number): TopicOffsets | undefined {
    return this.groups.getAt(groupId, offset)
  }

  get(groupId: string, topic: string, partition: number): OffsetAndMetadata | undefined {
    return this.groups.get(groupId)?.get(topic)?.get(partition)
  }

  getAt(
    groupId: string,
    topic: string,
    partition: number,
    offset: number,
  ): OffsetAndMetadata | undefined {
    const partitions = this.groups.getAt(groupId, offset)?.getAt(topic, offset)
    return partitions?.getAt(partition, offset)
  }

  set(groupId: string, topic: string, partition: number, value: OffsetAndMetadata): void {
    let topics = this.groups.get(groupId)
    if (topics === undefined) {
      topics = new TimelineMap(this.timeline)
      this.groups.set(groupId, topics)
    }
    let partitions = topics.get(topic)
    if (partitions === undefined) {
      partitions = new TimelineMap(this.timeline)
      topics.set(topic, partitions)
    }
    partitions.set(partition, value)
  }

  delete(groupId: string, topic: string, partition: number): void {
    const topics = this.groups.get(groupId)
    const partitions = topics?.get(topic)
    if (topics === undefined || partitions === undefined) return
    partitions.delete(partition)
    if (partitions.size === 0) topics.delete(topic)
    if (topics.size === 0) this.groups.delete(groupId)
  }

  /** All there is: the callback must not change the table. */
  forEach(
    visit: (groupId: string, topic: string, partition: number, value: OffsetAndMetadata) => void,
  ): void {
    for (const [groupId, topics] of this.groups) {
      for (const [topic, partitions] of topics) {
        for (const [partition, value] of partitions) visit(groupId, topic, partition, value)
      }
    }
  }
}
