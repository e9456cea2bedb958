import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { PersistentMap } from '../../src/index.ts'

// Few keys, so that sets and deletes meet; 'Aa' and 'BB' have the same hash in Java, as have their runs.
const keys = fc.oneof(
  fc.integer({ min: 0, max: 60 }).map((n) => `k${n}`),
  fc.constantFrom('AaAa', 'BBBB', 'AaBB', 'BBAa', 'Aa', 'BB'),
)
const steps = fc.array(fc.tuple(keys, fc.option(fc.nat(9))), { maxLength: 200 })

function run(map: PersistentMap<string, number>, list: [string, number | null][]) {
  return list.reduce((m, [key, value]) => (value === null ? m.delete(key) : m.set(key, value)), map)
}

function model(start: Iterable<[string, number]>, list: [string, number | null][]) {
  const map = new Map(start)
  for (const [key, value] of list) {
    if (value === null) map.delete(key)
    else map.set(key, value)
  }
  return map
}

describe('PersistentMap', () => {
  test('does what a Map does, and leaves what it came from as it was', () => {
    fc.assert(
      fc.property(steps, steps, (first, second) => {
        const before = run(PersistentMap.empty(), first)
        const expectedBefore = model([], first)
        const after = run(before, second)
        const expectedAfter = model(expectedBefore, second)
        expect(new Map(before)).toEqual(expectedBefore)
        expect(new Map(after)).toEqual(expectedAfter)
        expect([before.size, after.size]).toEqual([expectedBefore.size, expectedAfter.size])
        for (const [key, value] of expectedAfter) expect(after.get(key)).toBe(value)
      }),
      { seed: 4101, numRuns: 200 },
    )
  })

  test('looks the same however it came about', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const map = run(PersistentMap.empty(), list)
        const straight = PersistentMap.of([...model([], list)].reverse())
        expect(map).toEqual(straight)
        expect([...map.keys()]).toEqual([...straight.keys()])
      }),
      { seed: 4102, numRuns: 200 },
    )
  })

  test('finds what changed between any two', () => {
    fc.assert(
      fc.property(steps, steps, (first, second) => {
        const before = run(PersistentMap.empty(), first)
        for (const after of [run(before, second), run(PersistentMap.empty(), second)]) {
          const rebuilt = new Map(before)
          for (const change of after.changesSince(before)) {
            expect(change.before).toBe(before.get(change.key))
            expect(change.after).not.toBe(change.before)
            if (change.after === undefined) rebuilt.delete(change.key)
            else rebuilt.set(change.key, change.after)
          }
          expect(rebuilt).toEqual(new Map(after))
        }
      }),
      { seed: 4103, numRuns: 200 },
    )
  })

  test('holds numbers as keys, many of them', () => {
    let map = PersistentMap.empty<number, number>()
    for (let n = 0; n < 20_000; n++) map = map.set(n, n)
    expect(map.size).toBe(20_000)
    expect(map.get(19_999)).toBe(19_999)
    expect(map.get(20_000)).toBe(undefined)
    expect([...map.set(7, -1).changesSince(map)]).toEqual([{ key: 7, before: 7, after: -1 }])
  })

  test('gives itself back when nothing changes', () => {
    const map = PersistentMap.of<string, number>([['a', 1]])
    expect(map.set('a', 1)).toBe(map)
    expect(map.delete('b')).toBe(map)
    expect(map.delete('a')).toEqual(PersistentMap.empty())
  })
})
