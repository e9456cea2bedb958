import { createClock, createEntropy, createHostWorld, createTimers } from '@barnabas/host'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

test('timers fire in order, not early, and can be cancelled', () => {
  const clock = createClock()
  const timers = createTimers(clock)
  const startMs = clock.monotonicMs()
  const fired: string[] = []
  const note = (name: string) => () => fired.push(`${name} ${clock.monotonicMs() - startMs}`)
  timers.schedule(100, note('c'))
  timers.schedule(5, note('a'))
  timers.schedule(70, note('b'))
  timers.schedule(60, note('never')).cancel()
  timers.schedule(0, note('now'))
  vi.advanceTimersByTime(4)
  expect(fired).toEqual(['now 1'])
  vi.advanceTimersByTime(1000)
  expect(fired).toEqual(['now 1', 'a 5', 'b 70', 'c 100'])
})

test('one timer of Node.js serves thousands', () => {
  const timers = createTimers(createClock())
  let fired = 0
  const handles = Array.from({ length: 5000 }, (_, n) =>
    timers.schedule(1000 + (n % 977), () => fired++),
  )
  expect(vi.getTimerCount()).toBe(1)
  for (const handle of handles.slice(0, 2500)) handle.cancel()
  vi.advanceTimersByTime(3000)
  expect(fired).toBe(2500)
  expect(vi.getTimerCount()).toBe(0)
})

test('a callback that throws does not keep the others from firing', () => {
  const timers = createTimers(createClock())
  const fired: string[] = []
  timers.schedule(10, () => {
    throw new Error('broken')
  })
  timers.schedule(10, () => fired.push('same'))
  timers.schedule(200, () => fired.push('later'))
  expect(() => vi.advanceTimersByTime(20)).toThrow('broken')
  vi.advanceTimersByTime(500)
  expect(fired).toEqual(['same', 'later'])
})

test('waits longer than Node.js can count are waited for', () => {
  const timers = createTimers(createClock())
  let fired = false
  const delayMs = 40 * 86_400_000
  timers.schedule(delayMs, () => {
    fired = true
  })
  vi.advanceTimersByTime(delayMs - 1)
  expect(fired).toBe(false)
  vi.advanceTimersByTime(2)
  expect(fired).toBe(true)
})

test('deferred work follows the promises of what is running', async () => {
  const { timers } = createHostWorld()
  const order: string[] = []
  const done = new Promise<void>((resolve) => {
    timers.defer(() => {
      order.push('deferred')
      resolve()
    })
  })
  void Promise.resolve().then(() => order.push('promise'))
  order.push('running')
  await done
  expect(order).toEqual(['running', 'promise', 'deferred'])
})

test('the system gives random numbers in every word', () => {
  const entropy = createEntropy().fork('any')
  const seen = new Set(Array.from({ length: 3000 }, () => entropy.nextU32()))
  expect(seen.size).toBeGreaterThan(2990)
  const bytes = new Uint8Array(64)
  entropy.fill(bytes)
  expect(bytes.some((value) => value !== 0)).toBe(true)
})
