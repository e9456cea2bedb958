import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvariantError } from '../src/errors.ts'
import { Timeline, type TimelineMark } from '../src/timeline.ts'
import { TimelineMap } from '../src/timeline-map.ts'
import { TimelineSet } from '../src/timeline-set.ts'
import { TimelineValue } from '../src/timeline-value.ts'

describe('Timeline', () => {
  test('a read at an offset sees the newest mark that is not beyond it', () => {
    const timeline = new Timeline()
    const map = new TimelineMap<string, number>(timeline)
    timeline.mark(0)
    map.set('a', 1)
    timeline.mark(10)
    map.set('a', 2)
    timeline.mark(20)
    map.set('a', 3)
    expect([0, 9, 10, 19, 20, 99].map((offset) => map.getAt('a', offset))).toEqual([
      undefined,
      undefined,
      1,
      1,
      2,
      2,
    ])
    expect(map.get('a')).toBe(3)
  })

  test('a mark without writes since serves again', () => {
    const timeline = new Timeline()
    const value = new TimelineValue(timeline, 'x')
    const first = timeline.mark(5)
    expect(timeline.mark(5)).toBe(first)
    value.set('y')
    const second = timeline.mark(5)
    expect(second).not.toBe(first)
    value.set('z')
    timeline.revertTo(second)
    expect(value.get()).toBe('y')
    timeline.revertTo(first)
    expect(value.get()).toBe('x')
  })

  test('marks never go back, and only remembered ones can be reverted to', () => {
    const timeline = new Timeline()
    const first = timeline.mark(1)
    timeline.mark(3)
    expect(() => timeline.mark(2)).toThrow(InvariantError)
    timeline.forgetBefore(3)
    expect(() => timeline.revertTo(first)).toThrow(InvariantError)
    expect(() => timeline.markAt(2)).toThrow(InvariantError)
  })

  test('a container made after a mark goes with the one that held it', () => {
    const timeline = new Timeline()
    const outer = new TimelineMap<string, TimelineMap<string, number>>(timeline)
    const start = timeline.mark(0)
    const inner = new TimelineMap<string, number>(timeline)
    outer.set('group', inner)
    inner.set('a', 1)
    timeline.revertTo(start)
    expect(outer.size).toBe(0)
    outer.set('group', inner)
    expect(inner.size).toBe(0)
  })

  test('nothing is remembered without a mark', () => {
    const timeline = new Timeline()
    const map = new TimelineMap<string, number>(timeline)
    for (let n = 0; n < 1000; n++) map.set(`key${n}`, n)
    expect(map.sizeAt(0)).toBe(1000)
    timeline.mark(0)
    timeline.forgetAll()
    map.clear()
    expect(timeline.markCount).toBe(0)
  })
})

interface Model {
  mark: TimelineMark
  offset: number
  map: Map<number, number>
  inner: Map<number, number>
  value: number
  set: Set<number>
}

const operation = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('put'), key: fc.nat(9), value: fc.nat(9) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete'), key: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear') }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('mark'), advance: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('revert'), which: fc.nat(99) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('forget'), which: fc.nat(99) }) },
) as fc.Arbitrary<{ kind: string; key: number; value: number; advance: number; which: number }>

/** The containers under test beside plain copies of what they should hold at every mark. */
class Subject {
  readonly timeline = new Timeline()
  readonly map = new TimelineMap<number, number>(this.timeline)
  readonly nested = new TimelineMap<string, TimelineMap<number, number>>(this.timeline)
  readonly value = new TimelineValue<number>(this.timeline, 0)
  readonly set = new TimelineSet<number>(this.timeline)
  offset = 0
  now = {
    map: new Map<number, number>(),
    inner: new Map<number, number>(),
    value: 0,
    set: new Set<number>(),
  }
  models: Model[] = []

  mark(advance: number): void {
    this.offset += advance
    const mark = this.timeline.mark(this.offset)
    if (this.models.at(-1)?.mark === mark) return
    this.models.push({
      mark,
      offset: this.offset,
      map: new Map(this.now.map),
      inner: new Map(this.now.inner),
      value: this.now.value,
      set: new Set(this.now.set),
    })
  }

  put(key: number, value: number): void {
    this.map.set(key, value)
    let inner = this.nested.get('inner')
    if (inner === undefined) {
      inner = new TimelineMap(this.timeline)
      this.nested.set('inner', inner)
    }
    inner.set(value, key)
    this.value.set(value)
    this.set.add(key)
    this.now.map.set(key, value)
    this.now.inner.set(value, key)
    this.now.value = value
    this.now.set.add(key)
  }

  remove(key: number): void {
    expect(this.map.delete(key)).toBe(this.now.map.delete(key))
    expect(this.set.delete(key)).toBe(this.now.set.delete(key))
    const inner = this.nested.get('inner')
    inner?.delete(key)
    this.now.inner.delete(key)
    if (inner?.size === 0) this.nested.delete('inner')
  }

  clear(): void {
    this.map.clear()
    this.set.clear()
    this.nested.clear()
    this.now = { ...this.now, map: new Map(), inner: new Map(), set: new Set() }
  }

  revert(which: number): void {
    if (this.models.length === 0) return
    const index = which % this.models.length
    const model = this.models[index]!
    this.timeline.revertTo(model.mark)
    this.models.length = index + 1
    this.offset = model.offset
    this.now = {
      map: new Map(model.map),
      inner: new Map(model.inner),
      value: model.value,
      set: new Set(model.set),
    }
  }

  forget(which: number): void {
    if (this.models.length === 0) return
    const { offset } = this.models[which % this.models.length]!
    this.timeline.forgetBefore(offset)
    const kept = this.models.findLastIndex((model) => model.offset <= offset)
    this.models = this.models.slice(kept)
  }

  check(): void {
    expect(new Map(this.map)).toEqual(this.now.map)
    expect(new Map(this.nested.get('inner') ?? [])).toEqual(this.now.inner)
    expect(this.value.get()).toBe(this.now.value)
    expect(new Set(this.set)).toEqual(this.now.set)
    expect(this.timeline.markCount).toBe(this.models.length)
    for (const [n, model] of this.models.entries()) {
      if (this.models[n + 1]?.offset === model.offset) continue
      this.checkAt(model)
    }
  }

  private checkAt({ offset, map, inner, value, set }: Model): void {
    expect(new Map(this.map.entriesAt(offset))).toEqual(map)
    expect(this.map.sizeAt(offset)).toBe(map.size)
    for (let key = 0; key < 10; key++) {
      expect(this.map.getAt(key, offset)).toBe(map.get(key))
      expect(this.set.hasAt(key, offset)).toBe(set.has(key))
    }
    const innerThen = this.nested.getAt('inner', offset)
    expect(new Map(innerThen?.entriesAt(offset) ?? [])).toEqual(inner)
    expect(this.value.getAt(offset)).toBe(value)
    expect(new Set(this.set.valuesAt(offset))).toEqual(set)
    expect(this.set.sizeAt(offset)).toBe(set.size)
  }
}

test('containers equal copies taken at every mark, whatever is put, reverted and forgotten', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const subject = new Subject()
      for (const { kind, key, value, advance, which } of operations) {
        if (kind === 'put') subject.put(key, value)
        else if (kind === 'delete') subject.remove(key)
        else if (kind === 'clear') subject.clear()
        else if (kind === 'mark') subject.mark(advance)
        else if (kind === 'revert') subject.revert(which)
        else subject.forget(which)
        subject.check()
      }
    }),
    { seed: 848, numRuns: 300 },
  )
})
