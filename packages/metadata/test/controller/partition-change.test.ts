import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { changedPartition, createTestPartition } from '../support/partitions.ts'
import { decidePartitionChange, type PartitionImage, type PartitionRules } from '../../src/index.ts'

const rules = (alive: readonly number[], more: Partial<PartitionRules> = {}): PartitionRules => ({
  mayLead: (id) => alive.includes(id),
  defaultDirectory: () => 'AAAAAAAAAAAAAAAAAAAAAQ',
  minInSyncReplicas: 2,
  eligibleLeaderReplicas: true,
  metadataLevel: 30,
  ...more,
})

const NO_ELR = { eligibleLeaderReplicas: false }

/** Partition of replicas 1, 2, 3, all in sync, led by 1. */
const partition = createTestPartition

function after(
  before: PartitionImage,
  ...[target, given]: [Parameters<typeof decidePartitionChange>[1], PartitionRules]
) {
  const change = decidePartitionChange(before, target, given)
  return change === null ? before : changedPartition(before, change)
}

describe('elections', () => {
  test('nothing to do is no change', () => {
    expect(decidePartitionChange(partition(), {}, rules([1, 2, 3]))).toBe(null)
  })

  test('the next replica in sync takes over, and the epochs grow', () => {
    const next = after(partition(), { isr: [2, 3] }, rules([2, 3]))
    expect(next).toMatchObject({ leader: 2, isr: [2, 3], leaderEpoch: 6, partitionEpoch: 11 })
  })

  test('a leader in good order stays, unless the preferred one is wanted', () => {
    const led = partition({ leader: 3 })
    expect(after(led, {}, rules([1, 2, 3])).leader).toBe(3)
    expect(after(led, { election: 'preferred' }, rules([1, 2, 3])).leader).toBe(1)
    expect(after(led, { election: 'preferred' }, rules([2, 3])).leader).toBe(3)
  })

  test('without anyone in sync nobody leads, and the last ISR is kept', () => {
    const next = after(partition({ isr: [1] }), { isr: [] }, rules([2, 3], NO_ELR))
    expect(next).toMatchObject({ leader: -1, isr: [1], leaderEpoch: 6 })
  })

  test('REP-12 an unclean election makes its winner the only one in sync, and recovering', () => {
    const target = { isr: [], election: 'unclean' } as const
    const next = after(partition({ isr: [1] }), target, rules([2, 3], NO_ELR))
    expect(next).toMatchObject({ leader: 2, isr: [2], leaderRecoveryState: 1 })
  })

  test('a replica that is not acceptable leads not even uncleanly', () => {
    const target = { isr: [], election: 'unclean' } as const
    expect(after(partition({ isr: [1] }), target, rules([], NO_ELR)).leader).toBe(-1)
  })
})

describe('eligible leader replicas', () => {
  test('REP-13 whoever leaves an ISR below the minimum stays eligible', () => {
    const first = after(partition(), { isr: [1, 2] }, rules([1, 2]))
    expect(first.eligibleLeaderReplicas).toEqual([])
    const second = after(first, { isr: [1] }, rules([1]))
    expect(second).toMatchObject({ isr: [1], eligibleLeaderReplicas: [2] })
    const third = after(second, { isr: [] }, rules([]))
    expect(third).toMatchObject({
      isr: [],
      leader: -1,
      eligibleLeaderReplicas: [2, 1],
      lastKnownElr: [1],
    })
  })

  test('REP-13 one of them leads again without loss and is then in sync', () => {
    const down = partition({
      isr: [],
      leader: -1,
      eligibleLeaderReplicas: [2, 1],
      lastKnownElr: [1],
    })
    const next = after(down, {}, rules([2]))
    expect(next).toMatchObject({
      leader: 2,
      isr: [2],
      eligibleLeaderReplicas: [1],
      lastKnownElr: [],
      leaderRecoveryState: 0,
    })
  })

  test('REP-13 they are forgotten once the ISR is large enough', () => {
    const small = partition({ isr: [1], eligibleLeaderReplicas: [2] })
    expect(after(small, { isr: [1, 3] }, rules([1, 3])).eligibleLeaderReplicas).toEqual([])
  })

  test('REP-13 an unclean shutdown takes a replica out of both lists', () => {
    const target = { isr: [], uncleanShutdown: [1] }
    const next = after(partition({ isr: [1], eligibleLeaderReplicas: [2] }), target, rules([]))
    expect(next).toMatchObject({ isr: [], eligibleLeaderReplicas: [2], leader: -1 })
  })

  test('REP-13 with both lists empty the last known leader comes back, recovering', () => {
    const lost = partition({ isr: [], leader: -1, lastKnownElr: [2] })
    expect(after(lost, {}, rules([1, 2]))).toMatchObject({
      leader: 2,
      isr: [2],
      lastKnownElr: [],
      leaderRecoveryState: 1,
    })
  })

  test('REP-19 but only if it can lead', () => {
    const lost = partition({ isr: [], leader: -1, lastKnownElr: [2] })
    expect(decidePartitionChange(lost, {}, rules([1, 3]))).toBe(null)
  })
})

describe('reassignments', () => {
  const moving = partition({
    replicas: [4, 2, 3, 1],
    addingReplicas: [4],
    removingReplicas: [1],
    directories: ['a', 'b', 'c', 'd'],
  })

  test('RAS-02 wait until all that shall stay are in sync', () => {
    const next = after(moving, { isr: [1, 2, 3] }, rules([1, 2, 3, 4]))
    expect(next).toBe(moving)
  })

  test('RAS-02 then the others leave, leaders too, in a new leader epoch', () => {
    const next = after(moving, { isr: [1, 2, 3, 4] }, rules([1, 2, 3, 4]))
    expect(next).toMatchObject({
      replicas: [4, 2, 3],
      isr: [2, 3, 4],
      addingReplicas: [],
      removingReplicas: [],
      directories: ['a', 'b', 'c'],
      leader: 4,
      leaderEpoch: 6,
    })
  })

  test('RAS-02 a follower that leaves also costs a leader epoch', () => {
    const led = { ...moving, leader: 2 }
    const next = after(led, { isr: [1, 2, 3, 4] }, rules([1, 2, 3, 4]))
    expect(next).toMatchObject({ leader: 2, leaderEpoch: 6 })
  })
})

describe('whatever happens', () => {
  const ids = [1, 2, 3, 4]
  const subset = fc.subarray(ids)

  test('a leader is in the ISR, the lists do not overlap and hold only replicas', () => {
    const step = fc.record({
      alive: subset,
      keep: subset,
      unclean: fc.option(fc.constantFrom(...ids)),
      election: fc.constantFrom('online', 'preferred', 'unclean' as const),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), fc.boolean(), (steps, elr) => {
        let now = partition({ replicas: ids, directories: ['a', 'b', 'c', 'd'], isr: ids })
        for (const { alive, keep, unclean, election } of steps) {
          const lost = unclean === null ? [] : [unclean]
          const isr = now.isr.filter((id) => keep.includes(id) && !lost.includes(id))
          const mayLead = alive.filter((id) => !lost.includes(id))
          const target = { isr, election, uncleanShutdown: lost }
          const before = now
          now = after(before, target, rules(mayLead, { eligibleLeaderReplicas: elr }))
          check(before, now, mayLead, elr)
        }
      }),
      { seed: 4202, numRuns: 500 },
    )
  })

  function check(before: PartitionImage, now: PartitionImage, alive: number[], elr: boolean): void {
    if (now.leader !== -1) {
      expect(now.isr).toContain(now.leader)
      if (now.leader !== before.leader) expect(alive).toContain(now.leader)
    }
    if (!elr) expect(now.isr.length).toBeGreaterThan(0)
    expect(now.isr.filter((id) => now.eligibleLeaderReplicas.includes(id))).toEqual([])
    expect(now.leaderEpoch).toBeGreaterThanOrEqual(before.leaderEpoch)
    if (now.leader !== before.leader) expect(now.leaderEpoch).toBe(before.leaderEpoch + 1)
    const known = [...now.isr, ...now.eligibleLeaderReplicas]
    expect(known.every((id) => now.replicas.includes(id))).toBe(true)
    if (now !== before) expect(now.partitionEpoch).toBe(before.partitionEpoch + 1)
  }
})
