/**
 * Partitions that are shared out among members, several to one and one to several: how many assignments
 * there should be, and the giving and taking until there are. Partitions are keys of the caller's choice,
 * members are indexes.
 */
import { capacityFor, JavaHashMap, numberHash } from './java-hash-map.ts'

export interface SharingOptions<K extends string | number> {
  readonly hashOf: (partition: K) => number
  readonly partitions: readonly K[]
  /** Ascending. */
  readonly members: readonly number[]
  give(member: number, partition: K): void
  take(member: number, partition: K): void
}

export class Sharing<K extends string | number> {
  private readonly options: SharingOptions<K>
  private readonly byPartition: JavaHashMap<K, JavaHashMap<number, null>>
  private readonly byMember = new Map<number, JavaHashMap<K, null>>()
  /** How many members a partition should have. */
  private readonly sharers: number
  /** How many partitions a member should have. */
  private readonly quotas = new Map<number, number>()

  constructor(options: SharingOptions<K>) {
    this.options = options
    const { hashOf, partitions, members } = options
    this.byPartition = new JavaHashMap(hashOf, capacityFor(partitions.length))
    this.sharers = partitions.length === 0 ? 0 : Math.ceil(members.length / partitions.length)
    // Rounded so that the quotas of any number of members in a row are what they should be in all.
    const exact = (this.sharers * partitions.length) / members.length
    members.forEach((member, n) => {
      this.quotas.set(member, Math.ceil(exact * (n + 1)) - Math.ceil(exact * n))
    })
  }

  /** What a member has to begin with. */
  has(member: number, partition: K): void {
    this.sharersOf(partition).set(member, null)
    this.partitionsOf(member).set(partition, null)
  }

  balance(): void {
    this.relieveMembers()
    this.relievePartitions()
    for (const partition of this.options.partitions) this.sharersOf(partition)
    const open = this.options.members.filter(
      (member) => (this.byMember.get(member)?.size ?? 0) < this.quotaOf(member),
    )
    this.giveOut(new Set(open))
  }

  private relieveMembers(): void {
    for (const member of this.membersWithPartitions()) {
      const partitions = this.byMember.get(member)!
      let excess = partitions.size - this.quotaOf(member)
      for (const partition of partitions.keys()) {
        if (excess-- <= 0) break
        this.take(member, partition)
      }
    }
  }

  private relievePartitions(): void {
    for (const [partition, sharers] of this.byPartition.entries()) {
      let excess = sharers.size - this.sharers
      for (const member of sharers.keys()) {
        if (excess-- <= 0) break
        this.take(member, partition)
      }
    }
  }

  /** Gives every partition its members, going round those that are open until each has its quota. */
  private giveOut(open: Set<number>): void {
    let round = open.values()
    let gaveInRound = false
    for (const [partition, sharers] of this.byPartition.entries()) {
      if (open.size === 0) return
      let missing = this.sharers - sharers.size
      while (missing > 0) {
        let next = round.next()
        if (next.done === true) {
          if (!gaveInRound) break
          round = open.values()
          gaveInRound = false
          next = round.next()
          if (next.done === true) break
        }
        const member = next.value
        if (sharers.has(member)) continue
        const partitions = this.partitionsOf(member)
        partitions.set(partition, null)
        this.options.give(member, partition)
        missing--
        gaveInRound = true
        if (partitions.size >= this.quotaOf(member)) open.delete(member)
      }
    }
  }

  /** Who does not take part should have nothing. */
  private quotaOf(member: number): number {
    return this.quotas.get(member) ?? 0
  }

  private take(member: number, partition: K): void {
    this.byPartition.get(partition)!.delete(member)
    this.byMember.get(member)!.delete(partition)
    this.options.take(member, partition)
  }

  private sharersOf(partition: K): JavaHashMap<number, null> {
    return this.byPartition.getOrSet(partition, () => new JavaHashMap(numberHash))
  }

  private partitionsOf(member: number): JavaHashMap<K, null> {
    let partitions = this.byMember.get(member)
    if (partitions === undefined) {
      partitions = new JavaHashMap(this.options.hashOf)
      this.byMember.set(member, partitions)
    }
    return partitions
  }

  private membersWithPartitions(): number[] {
    return [...this.byMember.keys()].sort((one, other) => one - other)
  }
}
