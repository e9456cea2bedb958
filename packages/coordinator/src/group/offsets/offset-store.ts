/**
 * The offsets of a shard as the log has them: committed ones, and those of open transactions, which count
 * only when their transaction is committed.
 */
import { TimelineMap, TimelineSet, type Timeline } from '@barnabas/base'
import type { TransactionOutcome } from '../../runtime/shard.ts'
import type { OffsetAndMetadata } from './offset-and-metadata.ts'
import { OffsetTable } from './offset-table.ts'

export class OffsetStore {
  readonly committed: OffsetTable
  private readonly timeline: Timeline
  /** By producer id. */
  private readonly pending: TimelineMap<number, OffsetTable>
  /** Producers with pending offsets of a group. */
  private readonly producersByGroup: TimelineMap<string, TimelineSet<number>>

  constructor(timeline: Timeline) {
    this.timeline = timeline
    this.committed = new OffsetTable(timeline)
    this.pending = new TimelineMap(timeline)
    this.producersByGroup = new TimelineMap(timeline)
  }

  applyCommit(groupId: string, topic: string, partition: number, value: OffsetAndMetadata): void {
    this.committed.set(groupId, topic, partition, value)
  }

  applyPending(
    producerId: number,
    groupId: string,
    topic: string,
    partition: number,
    value: OffsetAndMetadata,
  ): void {
    let table = this.pending.get(producerId)
    if (table === undefined) {
      table = new OffsetTable(this.timeline)
      this.pending.set(producerId, table)
    }
    table.set(groupId, topic, partition, value)
    let producers = this.producersByGroup.get(groupId)
    if (producers === undefined) {
      producers = new TimelineSet(this.timeline)
      this.producersByGroup.set(groupId, producers)
    }
    producers.add(producerId)
  }

  /** A deleted offset is gone, also for the transactions that would have set it. */
  applyTombstone(groupId: string, topic: string, partition: number): void {
    this.committed.delete(groupId, topic, partition)
    for (const producerId of this.producersByGroup.get(groupId) ?? []) {
      const table = this.pending.get(producerId)
      table?.delete(groupId, topic, partition)
      if (table?.topics(groupId) === undefined) this.forgetProducer(groupId, producerId)
      if (table?.size === 0) this.pending.delete(producerId)
    }
  }

  /** Pending offsets count from here on, unless the partition was committed past their record since. */
  applyMarker(producerId: number, outcome: TransactionOutcome): void {
    const table = this.pending.get(producerId)
    if (table === undefined) return
    if (outcome === 'commit') {
      table.forEach((groupId, topic, partition, value) => {
        const present = this.committed.get(groupId, topic, partition)
        if (present === undefined || value.recordOffset > present.recordOffset) {
          this.committed.set(groupId, topic, partition, value)
        }
      })
    }
    for (const groupId of table.groupIds()) this.forgetProducer(groupId, producerId)
    this.pending.delete(producerId)
  }

  /** Whether an open transaction would set the partition's offset. */
  hasPending(groupId: string, topic: string, partition: number): boolean {
    for (const producerId of this.producersByGroup.get(groupId) ?? []) {
      if (this.pending.get(producerId)?.get(groupId, topic, partition) !== undefined) return true
    }
    return false
  }

  hasPendingAt(groupId: string, topic: string, partition: number, offset: number): boolean {
    const producers = this.producersByGroup.getAt(groupId, offset)
    if (producers === undefined) return false
    for (const producerId of producers.valuesAt(offset)) {
      const table = this.pending.getAt(producerId, offset)
      if (table?.getAt(groupId, topic, partition, offset) !== undefined) return true
    }
    return false
  }

  hasAnyPending(groupId: string): boolean {
    return this.producersByGroup.has(groupId)
  }

  /** Partitions of a group with an offset, committed or pending. */
  partitionsOf(groupId: string): { topic: string; partition: number }[] {
    const found = new Map<string, Set<number>>()
    const tables = [this.committed]
    for (const producerId of this.producersByGroup.get(groupId) ?? []) {
      const table = this.pending.get(producerId)
      if (table !== undefined) tables.push(table)
    }
    for (const table of tables) {
      for (const [topic, partitions] of table.topics(groupId) ?? []) {
        const known = found.get(topic) ?? new Set()
        for (const partition of partitions.keys()) known.add(partition)
        found.set(topic, known)
      }
    }
    return [...found].flatMap(([topic, known]) =>
      [...known].map((partition) => ({ topic, partition })),
    )
  }

  /** Groups with an offset, committed or pending. */
  groupIds(): Set<string> {
    return new Set([...this.committed.groupIds(), ...this.producersByGroup.keys()])
  }

  /** Pending offsets of all producers, for comparing states. */
  forEachPending(visit: (producerId: number, table: OffsetTable) => void): void {
    for (const [producerId, table] of this.pending) visit(producerId, table)
  }

  private forgetProducer(groupId: string, producerId: number): void {
    const producers = this.producersByGroup.get(groupId)
    if (producers === undefined) return
    producers.delete(producerId)
    if (producers.size === 0) this.producersByGroup.delete(groupId)
  }
}
