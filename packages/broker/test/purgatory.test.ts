import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Completion, type DelayedOperation, Purgatory } from '../src/purgatory.ts'
import { ManualTimers } from './support/manual-timers.ts'

class Operation implements DelayedOperation<string> {
  readonly keys: string[]
  readonly timeoutMs: number
  satisfied = false
  broken: Error | null = null
  completions: (Completion | Error)[] = []
  onComplete: () => void = () => {}

  constructor(keys: string[], timeoutMs = 100) {
    this.keys = keys
    this.timeoutMs = timeoutMs
  }

  isSatisfied(): boolean {
    if (this.broken !== null) throw this.broken
    return this.satisfied
  }

  complete(completion: Completion): void {
    this.completions.push(completion)
    this.onComplete()
  }

  fail(error: unknown): void {
    this.completions.push(error as Error)
  }
}

function setUp(maxParked?: number) {
  const timers = new ManualTimers()
  return { timers, purgatory: new Purgatory<string>(timers, maxParked) }
}

test('an operation that is satisfied already does not wait', () => {
  const { purgatory, timers } = setUp()
  const operation = new Operation(['a'])
  operation.satisfied = true
  expect(purgatory.watch(operation)).toBeNull()
  expect(operation.completions).toEqual(['satisfied'])
  expect(purgatory.stats).toMatchObject({ parked: 0, watchedKeys: 0, satisfied: 1 })
  expect(timers.pending).toBe(0)
})

test('a check completes what is satisfied under the key, and leaves no trace of it', () => {
  const { purgatory, timers } = setUp()
  const [one, two, other] = [new Operation(['a', 'b']), new Operation(['a']), new Operation(['c'])]
  for (const operation of [one, two, other]) purgatory.watch(operation)
  expect(purgatory.stats).toMatchObject({ parked: 3, watchedKeys: 3 })
  one.satisfied = true
  other.satisfied = true
  purgatory.check('a')
  expect([one, two, other].map((operation) => operation.completions)).toEqual([
    ['satisfied'],
    [],
    [],
  ])
  expect(purgatory.stats).toMatchObject({ parked: 2, watchedKeys: 2 })
  expect(purgatory.watchersOf('b')).toBe(0)
  expect(timers.pending).toBe(2)
  purgatory.check('b')
  expect(one.completions).toEqual(['satisfied'])
})

test('an operation whose time is up completes once, also when it is satisfied afterwards', () => {
  const { purgatory, timers } = setUp()
  const operation = new Operation(['a'], 50)
  purgatory.watch(operation)
  timers.advance(49)
  expect(operation.completions).toEqual([])
  timers.advance(1)
  operation.satisfied = true
  purgatory.check('a')
  timers.advance(1000)
  expect(operation.completions).toEqual(['expired'])
  expect(purgatory.stats).toMatchObject({ parked: 0, expired: 1 })
})

test('an operation without time expires at once', () => {
  const { purgatory } = setUp()
  const operation = new Operation(['a'], 0)
  expect(purgatory.watch(operation)).toBeNull()
  expect(operation.completions).toEqual(['expired'])
})

test('a cancelled operation is forgotten', () => {
  const { purgatory, timers } = setUp()
  const operation = new Operation(['a'])
  const parked = purgatory.watch(operation)!
  parked.cancel()
  parked.cancel()
  operation.satisfied = true
  purgatory.check('a')
  timers.advance(1000)
  expect(operation.completions).toEqual([])
  expect(timers.pending).toBe(0)
})

test('beyond the limit operations complete without waiting', () => {
  const { purgatory } = setUp(2)
  purgatory.watch(new Operation(['a']))
  purgatory.watch(new Operation(['a']))
  const third = new Operation(['a'])
  expect(purgatory.watch(third)).toBeNull()
  expect(third.completions).toEqual(['overloaded'])
})

test('closing completes all, and nothing waits afterwards', () => {
  const { purgatory, timers } = setUp()
  const operations = [new Operation(['a']), new Operation(['b'])]
  for (const operation of operations) purgatory.watch(operation)
  purgatory.close()
  const late = new Operation(['a'])
  purgatory.watch(late)
  expect([...operations, late].map((operation) => operation.completions)).toEqual([
    ['closed'],
    ['closed'],
    ['closed'],
  ])
  expect(timers.pending).toBe(0)
})

test('a defect in one operation fails that one only', () => {
  const { purgatory } = setUp()
  const [broken, sound] = [new Operation(['a']), new Operation(['a'])]
  purgatory.watch(broken)
  purgatory.watch(sound)
  broken.broken = new Error('defect')
  sound.satisfied = true
  purgatory.check('a')
  expect(broken.completions).toEqual([broken.broken])
  expect(sound.completions).toEqual(['satisfied'])
  expect(purgatory.stats.parked).toBe(0)
})

test('a check from within a completion comes after it', () => {
  const { purgatory } = setUp()
  const order: string[] = []
  const [one, two, three] = [new Operation(['a']), new Operation(['a']), new Operation(['b'])]
  for (const operation of [one, two, three]) {
    purgatory.watch(operation)
    operation.satisfied = true
  }
  one.onComplete = () => {
    purgatory.check('b')
    order.push('one')
  }
  two.onComplete = () => order.push('two')
  three.onComplete = () => order.push('three')
  purgatory.check('a')
  expect(order).toEqual(['one', 'two', 'three'])
})

test('an operation parked by a completion under the same key waits for the next check', () => {
  const { purgatory } = setUp()
  const [first, next] = [new Operation(['a']), new Operation(['a'])]
  purgatory.watch(first)
  first.satisfied = true
  first.onComplete = () => {
    purgatory.watch(next)
    next.satisfied = true
  }
  purgatory.check('a')
  expect(next.completions).toEqual([])
  purgatory.check('a')
  expect(next.completions).toEqual(['satisfied'])
})

test('whatever happens in whatever order, each operation completes at most once and none is lost', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('watch' as const), keys: fc.subarray(['a', 'b', 'c']) }),
    fc.record({ kind: fc.constant('satisfy' as const), which: fc.nat(20) }),
    fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(20) }),
    fc.record({ kind: fc.constant('check' as const), key: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ kind: fc.constant('advance' as const), byMs: fc.nat(60) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { purgatory, timers } = setUp()
      const operations: Operation[] = []
      const handles: ({ cancel(): void } | null)[] = []
      let cancelled = 0
      for (const next of steps) {
        if (next.kind === 'watch') {
          const operation = new Operation(next.keys, 100)
          operations.push(operation)
          handles.push(purgatory.watch(operation))
        } else if (next.kind === 'check') purgatory.check(next.key)
        else if (next.kind === 'advance') timers.advance(next.byMs)
        else if (next.kind === 'satisfy') {
          const operation = operations[next.which]
          if (operation !== undefined) operation.satisfied = true
        } else if (handles[next.which]) {
          const before = purgatory.stats.parked
          handles[next.which]!.cancel()
          cancelled += before - purgatory.stats.parked
        }
      }
      const completed = operations.filter((operation) => operation.completions.length === 1).length
      expect(operations.every((operation) => operation.completions.length <= 1)).toBe(true)
      expect(completed + cancelled + purgatory.stats.parked).toBe(operations.length)
      timers.advance(100)
      expect(purgatory.stats).toMatchObject({ parked: 0, watchedKeys: 0 })
      expect(timers.pending).toBe(0)
    }),
    { seed: 7, numRuns: 300 },
  )
})
