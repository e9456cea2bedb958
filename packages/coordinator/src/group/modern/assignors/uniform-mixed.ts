/**
 * `uniform` for members whose subscriptions differ. All keep what they have of topics they still subscribe
 * to; free partitions go to the subscriber with the least; then topic after topic is balanced until a whole
 * pass moves nothing, or the passes are used up.
 *
 * Topics go first that have many partitions for each subscriber; those are the hardest to place later.
 */
import { uuidToBytes } from '@barnabas/base'
import type { Uuid } from '@barnabas/protocol'
import { fromSets } from '../assignment.ts'
import { addTo, draftOf, type AssignorInput, type Draft, type Targets } from './assignor.ts'
import { LoadLevels } from './load-levels.ts'

/** Balancing may go in circles among topics; as often as Kafka tries, so that results are equal. */
const BALANCING_PASSES_MAX = 16
const NOBODY = -1

export class UniformMixed {
  private readonly input: AssignorInput
  /** Indexes of members. */
  private readonly subscribers = new Map<Uuid, number[]>()
  private readonly owners = new Map<Uuid, number[]>()
  private readonly drafts: Draft[]
  private readonly loads: number[]
  private readonly levels: LoadLevels

  constructor(input: AssignorInput) {
    this.input = input
    const { members } = input
    members.forEach(({ topicIds }, member) => {
      for (const topicId of topicIds) {
        const subscribers = this.subscribers.get(topicId)
        if (subscribers !== undefined) subscribers.push(member)
        else {
          this.subscribers.set(topicId, [member])
          this.owners.set(topicId, new Array(input.partitionCount(topicId)).fill(NOBODY))
        }
      }
    })
    this.drafts = members.map(({ assignment }) => draftOf(assignment))
    this.loads = new Array(members.length).fill(0)
    this.levels = new LoadLevels(this.loads)
  }

  assign(): Targets {
    const targets: Targets = new Map()
    if (this.subscribers.size === 0) return targets
    this.keep()
    const topicIds = this.sortedTopics()
    this.placeFree(topicIds)
    this.balance(topicIds.filter((topicId) => this.subscribers.get(topicId)!.length > 1))
    this.input.members.forEach(({ memberId }, member) => {
      targets.set(memberId, fromSets(this.drafts[member]!))
    })
    return targets
  }

  private keep(): void {
    this.input.members.forEach(({ assignment, topicIds }, member) => {
      for (const [topicId, partitions] of assignment) {
        if (!topicIds.has(topicId)) {
          this.drafts[member]!.delete(topicId)
          continue
        }
        this.loads[member]! += partitions.length
        const owners = this.owners.get(topicId)!
        for (const partition of partitions) owners[partition] = member
      }
    })
  }

  private sortedTopics(): Uuid[] {
    const keys = [...this.subscribers].map(([topicId, { length }]) => {
      const load = this.input.partitionCount(topicId) / length
      return { topicId, load, subscribers: length, bits: signedBits(topicId) }
    })
    keys.sort((one, other) => {
      if (one.load !== other.load) return other.load - one.load
      if (one.subscribers !== other.subscribers) return one.subscribers - other.subscribers
      return compareBits(one.bits, other.bits)
    })
    return keys.map(({ topicId }) => topicId)
  }

  private placeFree(topicIds: readonly Uuid[]): void {
    for (const topicId of topicIds) {
      const owners = this.owners.get(topicId)!
      if (!owners.includes(NOBODY)) continue
      this.levels.reset(this.subscribers.get(topicId)!)
      for (let partition = 0; partition < owners.length; partition++) {
        if (owners[partition] === NOBODY) this.move(topicId, partition, this.levels.leastLoaded())
      }
    }
  }

  private balance(topicIds: readonly Uuid[]): void {
    let lastMoved = -1
    for (let pass = 0; pass < BALANCING_PASSES_MAX; pass++) {
      for (let n = 0; n < topicIds.length; n++) {
        if (n === lastMoved) return
        if (this.balanceTopic(topicIds[n]!) || lastMoved === -1) lastMoved = n
      }
    }
  }

  /** True when a partition was moved. */
  private balanceTopic(topicId: Uuid): boolean {
    const { levels } = this
    if (levels.reset(this.subscribers.get(topicId)!) <= 1) return false
    const owned = this.partitionsByOwner(topicId)
    let moved = false
    while (!levels.isBalanced) {
      let from = levels.mostLoaded()
      while (from !== NOBODY && (owned.get(from)?.length ?? 0) === 0) {
        levels.excludeMostLoaded()
        from = levels.mostLoaded()
      }
      if (from === NOBODY) break
      const partition = owned.get(from)!.pop()!
      const to = levels.leastLoaded()
      if (levels.isBalanced) break
      this.move(topicId, partition, to)
      moved = true
    }
    return moved
  }

  private partitionsByOwner(topicId: Uuid): Map<number, number[]> {
    const owned = new Map<number, number[]>()
    this.owners.get(topicId)!.forEach((owner, partition) => {
      const partitions = owned.get(owner)
      if (partitions === undefined) owned.set(owner, [partition])
      else partitions.push(partition)
    })
    return owned
  }

  private move(topicId: Uuid, partition: number, to: number): void {
    const owners = this.owners.get(topicId)!
    const from = owners[partition]!
    if (from !== NOBODY) {
      this.drafts[from]!.get(topicId)!.delete(partition)
      this.loads[from]!--
    }
    addTo(this.drafts[to]!, topicId, partition)
    owners[partition] = to
    this.loads[to]!++
  }
}

function signedBits(id: Uuid): readonly [bigint, bigint] {
  const bytes = Buffer.from(uuidToBytes(id)!)
  return [bytes.readBigInt64BE(0), bytes.readBigInt64BE(8)]
}

function compareBits(one: readonly [bigint, bigint], other: readonly [bigint, bigint]): number {
  const n = one[0] === other[0] ? 1 : 0
  return one[n]! < other[n]! ? -1 : one[n]! > other[n]! ? 1 : 0
}
