import { seededEntropy } from '@barnabas/base'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Candidate, placeReplicas } from '../../src/index.ts'
import { directory, TestController } from '../support/controller.ts'
import { CreateTopicsRequest, createCreateTopicsRequestCreatableTopic } from '@barnabas/protocol'
import { createTopics } from '../../src/index.ts'

const broker = (id: number, rack: string | null = null, fenced = false): Candidate => ({
  id,
  rack,
  fenced,
})

const rackOf = (candidates: readonly Candidate[], id: number) =>
  candidates.find((each) => each.id === id)!.rack

const candidatesArbitrary = fc
  .array(fc.record({ rack: fc.constantFrom('a', 'b', 'c', null), fenced: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  })
  .map((list) => list.map(({ rack, fenced }, at) => broker(at, rack, at === 0 ? false : fenced)))

describe('placement', () => {
  test('TOP-14 leaders in service, no broker twice, racks used as evenly as they can be', () => {
    fc.assert(
      fc.property(
        candidatesArbitrary,
        fc.integer({ min: 1, max: 20 }),
        fc.nat(),
        fc.integer(),
        (candidates, count, size, seed) => {
          const factor = 1 + (size % candidates.length)
          const placed = placeReplicas(candidates, count, factor, seededEntropy(seed))
          expect(placed).toHaveLength(count)
          for (const replicas of placed) {
            expect(new Set(replicas).size).toBe(factor)
            expect(candidates.find((each) => each.id === replicas[0])!.fenced).toBe(false)
            checkRacks(candidates, replicas)
          }
        },
      ),
      { seed: 4201, numRuns: 300 },
    )
  })

  test('TOP-14 every broker leads equally often', () => {
    const candidates = [1, 2, 3, 4, 5].map((id) => broker(id, id < 3 ? 'a' : 'b'))
    const placed = placeReplicas(candidates, 50, 3, seededEntropy(1))
    const led = new Map<number, number>()
    for (const [leader] of placed) led.set(leader!, (led.get(leader!) ?? 0) + 1)
    expect([...led.values()]).toEqual([10, 10, 10, 10, 10])
  })

  test('equal seeds place alike, others otherwise', () => {
    const candidates = [1, 2, 3, 4, 5, 6].map((id) => broker(id))
    const place = (seed: number) => placeReplicas(candidates, 6, 3, seededEntropy(seed))
    expect(place(1)).toEqual(place(1))
    expect(place(1)).not.toEqual(place(2))
  })

  test('what cannot be placed', () => {
    const refused = expect.objectContaining({ errorCode: 38 })
    expect(() => placeReplicas([broker(1)], 1, 2, seededEntropy(1))).toThrow(refused)
    expect(() => placeReplicas([broker(1, null, true)], 1, 1, seededEntropy(1))).toThrow(refused)
    expect(() => placeReplicas([], 1, 1, seededEntropy(1))).toThrow(refused)
  })

  test('brokers that leave or take nothing new get no replicas', () => {
    const controller = new TestController().brokers(4).topic('led', [2])
    controller.heartbeat(2, { wantShutDown: true })
    controller.heartbeat(3, { cordonedLogDirs: [directory(3, 0)] })
    const topics = [
      createCreateTopicsRequestCreatableTopic({
        name: 'a',
        numPartitions: 20,
        replicationFactor: 2,
      }),
    ]
    const request = CreateTopicsRequest.create({ topics })
    controller.run((context) => createTopics(context, request))
    const used = controller.image.topics.byName.get('a')!.partitions.flatMap((p) => p.replicas)
    expect(new Set(used)).toEqual(new Set([1, 4]))
  })
})

/** No rack has two replicas more than another that could have taken one of them. */
function checkRacks(candidates: readonly Candidate[], replicas: readonly number[]): void {
  const sizes = new Map<string | null, number>()
  for (const each of candidates) sizes.set(each.rack, (sizes.get(each.rack) ?? 0) + 1)
  const used = new Map<string | null, number>([...sizes.keys()].map((rack) => [rack, 0]))
  for (const id of replicas) {
    const rack = rackOf(candidates, id)
    used.set(rack, used.get(rack)! + 1)
  }
  for (const [rack, count] of used) {
    if (count === sizes.get(rack)) continue
    expect(Math.max(...used.values()) - count).toBeLessThanOrEqual(1)
  }
}
