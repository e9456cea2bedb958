import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  assignRange,
  assignSimple,
  assignUniform,
  type Assignor,
  type AssignorInput,
  type AssignorMember,
  type Targets,
} from '../../../src/group/modern/index.ts'

type Parts = Record<string, number[]>

interface Vector {
  scenario: string
  round: number
  assignor: string
  partitions: Record<string, number>
  topicIds: Record<string, string>
  subscriptionType: string
  members: { memberId: string; instanceId: string | null; topics: string[]; current: Parts }[]
  assignment: Record<string, Parts>
}

const assignors: Record<string, Assignor> = {
  uniform: assignUniform,
  range: assignRange,
  simple: assignSimple,
}

const vectors = gunzipSync(readFileSync(new URL('fixtures/assignors.jsonl.gz', import.meta.url)))
  .toString('utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Vector)

describe('assignments computed by Apache Kafka 4.3.1', () => {
  for (const name of ['uniform', 'range', 'simple']) {
    const row = name === 'simple' ? 'SHG-11' : 'CGH-09'
    test(`${row} the ${name} assignor gives the same`, () => {
      const ofAssignor = vectors.filter(({ assignor }) => assignor === name)
      expect(ofAssignor.length).toBe(180)
      for (const vector of ofAssignor) {
        expect(assign(vector), `${vector.scenario} round ${vector.round}`).toEqual(
          vector.assignment,
        )
      }
    })
  }
})

function assign({ assignor, members, topicIds, partitions, subscriptionType }: Vector) {
  const names = new Map(Object.entries(topicIds).map(([name, id]) => [id, name]))
  const targets = assignors[assignor]!({
    members: members.map(({ memberId, instanceId, topics, current }) => ({
      memberId,
      instanceId,
      topicIds: new Set(topics.map((topic) => topicIds[topic]!)),
      assignment: new Map(Object.entries(current).map(([topic, list]) => [topicIds[topic]!, list])),
    })),
    homogeneous: subscriptionType === 'HOMOGENEOUS',
    partitionCount: (topicId) => partitions[names.get(topicId)!]!,
    isAssignable: () => true,
  })
  return Object.fromEntries(
    members.map(({ memberId }) => [
      memberId,
      Object.fromEntries(
        [...(targets.get(memberId) ?? [])].map(([topicId, list]) => [names.get(topicId), list]),
      ),
    ]),
  )
}

const TOPICS = ['AAAAAAAAAAAAAAAAAAAAEA', 'AAAAAAAAAAAAAAAAAAAAIA', '_____________________w']

interface Group {
  counts: number[]
  /** Topics by member, as bits. */
  subscriptions: number[]
}

const group: fc.Arbitrary<Group> = fc.record({
  counts: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 3, maxLength: 3 }),
  subscriptions: fc.array(fc.integer({ min: 0, max: 7 }), { minLength: 1, maxLength: 8 }),
})

/** A group of which some members stay as they were, and others come new. */
function inputOf({ counts, subscriptions }: Group, targets: Targets = new Map()): AssignorInput {
  const members = subscriptions.map((bits, n): AssignorMember => {
    const topicIds = new Set(TOPICS.filter((_, topic) => (bits >> topic) & 1))
    const memberId = `member-${n}`
    return { memberId, instanceId: null, topicIds, assignment: targets.get(memberId) ?? new Map() }
  })
  return {
    members,
    homogeneous: new Set(subscriptions).size === 1,
    partitionCount: (topicId) => counts[TOPICS.indexOf(topicId)]!,
    isAssignable: () => true,
  }
}

function holders(targets: Targets): Map<string, string[]> {
  const byPartition = new Map<string, string[]>()
  for (const [memberId, assignment] of targets) {
    for (const [topicId, partitions] of assignment) {
      for (const partition of partitions) {
        const key = `${topicId}:${partition}`
        byPartition.set(key, [...(byPartition.get(key) ?? []), memberId])
      }
    }
  }
  return byPartition
}

/** Partitions of topics that somebody subscribes to. */
function assignable({ members, partitionCount }: AssignorInput): string[] {
  const topicIds = new Set(members.flatMap((member) => [...member.topicIds]))
  return [...topicIds].flatMap((topicId) =>
    Array.from({ length: partitionCount(topicId) }, (_, n) => `${topicId}:${n}`),
  )
}

function sizeOf(targets: Targets, memberId: string): number {
  return [...(targets.get(memberId) ?? new Map<string, number[]>()).values()].flat().length
}

describe('whatever the group', () => {
  for (const [name, assignor] of [
    ['uniform', assignUniform],
    ['range', assignRange],
  ] as const) {
    test(`CGH-09 ${name} gives every partition to one subscriber`, () => {
      fc.assert(
        fc.property(group, group, (before, after) => {
          const input = inputOf(after, withinBounds(assignor(inputOf(before)), after))
          const targets = assignor(input)
          const byPartition = holders(targets)
          expect([...byPartition.keys()].toSorted()).toEqual(assignable(input).toSorted())
          for (const [key, memberIds] of byPartition) {
            expect(memberIds).toHaveLength(1)
            const member = input.members.find(({ memberId }) => memberId === memberIds[0])!
            expect(member.topicIds.has(key.split(':')[0]!)).toBe(true)
          }
        }),
        { seed: 848, numRuns: 300 },
      )
    })
  }

  test('CGH-09 uniform is balanced and moves nothing that need not move', () => {
    fc.assert(
      fc.property(group, fc.integer({ min: 1, max: 8 }), ({ counts, subscriptions }, size) => {
        const same = (length: number) => {
          return { counts, subscriptions: new Array(length).fill(subscriptions[0]!) as number[] }
        }
        const before = assignUniform(inputOf(same(subscriptions.length)))
        const input = inputOf(same(size), before)
        const after = assignUniform(input)
        const sizes = input.members.map(({ memberId }) => sizeOf(after, memberId))
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
        expect(assignUniform(inputOf(same(size), after))).toEqual(after)
      }),
      { seed: 848, numRuns: 300 },
    )
  })

  test('SHG-11 simple leaves no partition without a member, and no subscriber without a partition', () => {
    fc.assert(
      fc.property(group, group, (before, after) => {
        const input = inputOf(after, withinBounds(assignSimple(inputOf(before)), after))
        const targets = assignSimple(input)
        const byPartition = holders(targets)
        expect([...byPartition.keys()].toSorted()).toEqual(assignable(input).toSorted())
        for (const { memberId, topicIds } of input.members) {
          const readable = [...topicIds].some((topicId) => input.partitionCount(topicId) > 0)
          if (readable && input.homogeneous) {
            expect(sizeOf(targets, memberId)).toBeGreaterThan(0)
          }
          for (const topicId of targets.get(memberId)?.keys() ?? []) {
            expect(topicIds.has(topicId)).toBe(true)
          }
        }
      }),
      { seed: 932, numRuns: 300 },
    )
  })

  test('SHG-11 simple gives out nothing before it may', () => {
    const input = { ...inputOf({ counts: [4, 4, 4], subscriptions: [7, 7, 7, 3] }) }
    input.isAssignable = (topicId, partition) => topicId === TOPICS[0] && partition < 2
    const byPartition = holders(assignSimple(input))
    expect([...byPartition.keys()].toSorted()).toEqual([`${TOPICS[0]}:0`, `${TOPICS[0]}:1`])
  })
})

/** Topics never shrink: what was assigned beyond the partitions there are now is left out. */
function withinBounds(targets: Targets, { counts }: Group): Targets {
  const bounded: Targets = new Map()
  for (const [memberId, assignment] of targets) {
    const kept = [...assignment].map(([topicId, list]): [string, number[]] => {
      return [topicId, list.filter((partition) => partition < counts[TOPICS.indexOf(topicId)]!)]
    })
    bounded.set(memberId, new Map(kept.filter(([, list]) => list.length > 0)))
  }
  return bounded
}
