import { BinaryHeap, TimerWheel } from '@barnabas/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const DAY_MS = 86_400_000

test('timers fire in the order of their deadlines, equal ones in the order scheduled', () => {
  const wheel = new TimerWheel(1000)
  const fired: string[] = []
  wheel.schedule(1200, () => fired.push('b'))
  wheel.schedule(1100, () => fired.push('a'))
  wheel.schedule(1200, () => fired.push('c'))
  wheel.advance(1190)
  wheel.schedule(1200, () => fired.push('d'))
  expect(fired).toEqual(['a'])
  wheel.advance(1199.9)
  expect(fired).toEqual(['a'])
  wheel.advance(1200)
  expect(fired).toEqual(['a', 'b', 'c', 'd'])
  expect(wheel.size).toBe(0)
  expect(wheel.nextExpiryMs()).toBe(Number.POSITIVE_INFINITY)
})

test('a cancelled timer never fires, not even when it is due already', () => {
  const wheel = new TimerWheel(0)
  const fired: string[] = []
  const late = wheel.schedule(500, () => fired.push('late'))
  wheel.schedule(5, () => second.cancel())
  const second = wheel.schedule(5, () => fired.push('second'))
  late.cancel()
  late.cancel()
  expect(wheel.size).toBe(2)
  wheel.advance(1000)
  expect(fired).toEqual([])
  second.cancel()
  expect(wheel.size).toBe(0)
})

test('a timer set by a timer fires when it is due, one without delay not in an endless loop', () => {
  const wheel = new TimerWheel(0)
  const fired: number[] = []
  const again = () => {
    fired.push(100)
    wheel.schedule(100, again)
  }
  wheel.schedule(10, () => {
    fired.push(10)
    wheel.schedule(50, () => fired.push(50))
    wheel.schedule(100, again)
  })
  wheel.advance(100)
  expect(fired).toEqual([10, 50, 100])
  wheel.advance(101)
  expect(fired).toEqual([10, 50, 100, 100])
})

test('a callback that throws does not lose the others', () => {
  const wheel = new TimerWheel(0)
  const fired: string[] = []
  wheel.schedule(5, () => {
    throw new Error('no')
  })
  wheel.schedule(5, () => fired.push('same tick'))
  wheel.schedule(6, () => fired.push('later'))
  expect(() => wheel.advance(10)).toThrow('no')
  expect(wheel.nextExpiryMs()).toBeLessThanOrEqual(10)
  wheel.advance(10)
  expect(fired).toEqual(['same tick', 'later'])
})

test('timers beyond the span of the wheel go round again', () => {
  const wheel = new TimerWheel(0)
  let fired = 0
  wheel.schedule(40 * DAY_MS + 3, () => fired++)
  wheel.advance(40 * DAY_MS + 2)
  expect(fired).toBe(0)
  wheel.advance(40 * DAY_MS + 3)
  expect(fired).toBe(1)
})

test('the wheel agrees with a sorted list, and announces every deadline in time', () => {
  const delay = fc.oneof(fc.nat(100), fc.nat(10_000), fc.nat(2 * DAY_MS), fc.nat(30 * DAY_MS))
  const step = fc.oneof(
    fc.record({ kind: fc.constant('schedule' as const), delay }),
    fc.record({ kind: fc.constant('cancel' as const), delay: fc.nat(50) }),
    fc.record({ kind: fc.constant('advance' as const), delay }),
    fc.record({ kind: fc.constant('next' as const), delay: fc.nat(3) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const startMs = 1_790_000_000_000
      const wheel = new TimerWheel(startMs)
      let now = startMs
      let id = 0
      const fired: number[] = []
      let model: { id: number; deadline: number }[] = []
      const handles: { id: number; cancel(): void }[] = []
      const advanceTo = (to: number) => {
        now = to
        fired.length = 0
        wheel.advance(now)
        const due = model.filter((timer) => timer.deadline <= now)
        due.sort((a, b) => a.deadline - b.deadline || a.id - b.id)
        expect(fired).toEqual(due.map((timer) => timer.id))
        model = model.filter((timer) => timer.deadline > now)
      }
      for (const { kind, delay } of steps) {
        if (kind === 'schedule') {
          const own = id++
          const handle = wheel.schedule(now + delay, () => fired.push(own))
          model.push({ id: own, deadline: now + Math.max(delay, 1) })
          handles.push({ id: own, cancel: () => handle.cancel() })
        } else if (kind === 'cancel' && handles.length > 0) {
          const [handle] = handles.splice(delay % handles.length, 1)
          handle!.cancel()
          model = model.filter((timer) => timer.id !== handle!.id)
        } else if (kind === 'advance') {
          advanceTo(now + delay)
        } else if (kind === 'next' && model.length > 0) {
          advanceTo(wheel.nextExpiryMs())
        }
        const earliest = Math.min(...model.map((timer) => timer.deadline))
        expect(wheel.nextExpiryMs()).toBeLessThanOrEqual(earliest)
        expect(wheel.nextExpiryMs()).toBeGreaterThan(model.length > 0 ? now : 0)
        expect(wheel.size).toBe(model.length)
      }
    }),
  )
})

test('a heap gives back what was put in, in order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.nat(20), (values, popEvery) => {
      const heap = new BinaryHeap<number>((one, other) => one < other)
      const model: number[] = []
      for (const [n, value] of values.entries()) {
        heap.push(value)
        model.push(value)
        model.sort((a, b) => a - b)
        expect(heap.peek()).toBe(model[0])
        if (popEvery > 0 && n % popEvery === 0) expect(heap.pop()).toBe(model.shift())
      }
      expect(heap.size).toBe(model.length)
      for (const value of model) expect(heap.pop()).toBe(value)
      expect(heap.pop()).toBe(undefined)
    }),
  )
})
