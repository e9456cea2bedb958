import { createTestWorld } from '@barnabas/base/testing'
import { expect, test } from 'vitest'
import { KeyedTimers, type KeyedTimer } from '../../src/runtime/keyed-timers.ts'

function setUp() {
  const world = createTestWorld()
  const fired: KeyedTimer<string>[] = []
  const timers = new KeyedTimers<string>(world.timers, (timer) => fired.push(timer))
  return { world, fired, timers }
}

test('a firing that waits in the queue does not count once the timer was armed anew', async () => {
  const { world, fired, timers } = setUp()
  timers.arm('a', 10, 'first')
  await world.advance(10)
  timers.arm('a', 10, 'second')
  expect(timers.take(fired[0]!)).toBe(false)
  await world.advance(10)
  expect(fired.map(({ event }) => event)).toEqual(['first', 'second'])
  expect(timers.take(fired[1]!)).toBe(true)
  expect(timers.take(fired[1]!)).toBe(false)
  expect(timers.size).toBe(0)
})

test('a cancelled timer neither fires nor counts', async () => {
  const { world, fired, timers } = setUp()
  timers.arm('a', 10, 'a')
  timers.arm('b', 5, 'b')
  await world.advance(5)
  timers.cancel('a')
  timers.cancel('b')
  timers.cancel('b')
  await world.advance(10)
  expect(fired.length).toBe(1)
  expect(timers.take(fired[0]!)).toBe(false)
})

test('a superseded firing counts when everything that superseded it was undone', async () => {
  const { world, fired, timers } = setUp()
  timers.arm('a', 10, 'a')
  timers.supersede('a')
  timers.supersede('a')
  await world.advance(10)
  expect(timers.take(fired[0]!)).toBe(false)
  timers.reinstate('a')
  expect(fired.length).toBe(1)
  timers.reinstate('a')
  expect(fired.length).toBe(2)
  expect(timers.take(fired[1]!)).toBe(true)
})

test('arming again leaves a newer timer alone', async () => {
  const { world, fired, timers } = setUp()
  timers.arm('a', 10, 'old')
  await world.advance(10)
  expect(timers.take(fired[0]!)).toBe(true)
  timers.armAgain(fired[0]!, 5)
  await world.advance(5)
  expect(timers.take(fired[1]!)).toBe(true)
  timers.arm('a', 10, 'new')
  timers.armAgain(fired[1]!, 5)
  await world.advance(10)
  expect(fired.map(({ event }) => event)).toEqual(['old', 'old', 'new'])
})
