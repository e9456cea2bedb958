/** Vectors of the assignors of the server: `uniform`, `range`, and the share groups' `simple`. */
import { join } from 'node:path'
import { assignRange, assignSimple, assignUniform, type Assignor } from '@barnabas/coordinator'
import { linesOf } from './lines.ts'
import { Tally } from './tally.ts'

type Parts = Record<string, number[]>

interface Vector {
  scenario: string
  round: number
  assignor: string
  partitions: Record<string, number>
  topicIds: Record<string, string>
  subscriptionType: string
  members: {
    memberId: string
    instanceId: string | null
    topics: string[]
    current: Parts
  }[]
  assignment: Record<string, Parts>
}

const assignors: Record<string, Assignor> = {
  uniform: assignUniform,
  range: assignRange,
  simple: assignSimple,
}

export function runAssignors(directory: string): Tally {
  const tally = new Tally('assignors of the server')
  for (const line of linesOf(join(directory, 'server.jsonl.gz'))) {
    const vector = line as Vector
    const { assignor, scenario, round } = vector
    tally.check(`${assignor} ${scenario} round ${round}`, () => {
      const expected = JSON.stringify(sorted(vector.assignment))
      const actual = JSON.stringify(sorted(assign(vector)))
      if (actual !== expected) throw new Error(`${actual} instead of ${expected}`)
    })
  }
  return tally
}

function assign(vector: Vector): Record<string, Parts> {
  const { topicIds, partitions } = vector
  const names = new Map(Object.entries(topicIds).map(([name, id]) => [id, name]))
  const targets = assignors[vector.assignor]!({
    members: vector.members.map(({ memberId, instanceId, topics, current }) => ({
      memberId,
      instanceId,
      topicIds: new Set(topics.map((topic) => topicIds[topic]!)),
      assignment: new Map(Object.entries(current).map(([topic, list]) => [topicIds[topic]!, list])),
    })),
    homogeneous: vector.subscriptionType === 'HOMOGENEOUS',
    partitionCount: (topicId) => partitions[names.get(topicId)!]!,
    isAssignable: () => true,
  })
  const assignment: Record<string, Parts> = {}
  for (const { memberId } of vector.members) {
    const ofMember: Parts = {}
    for (const [topicId, list] of targets.get(memberId) ?? [])
      ofMember[names.get(topicId)!] = [...list]
    assignment[memberId] = ofMember
  }
  return assignment
}

function sorted(assignment: Record<string, Parts>): [string, [string, number[]][]][] {
  const byName = <T>(record: Record<string, T>) =>
    Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1))
  return byName(assignment).map(([memberId, parts]) => [memberId, byName(parts)])
}
