import type { SharedBytes } from '@barnabas/base'
import type { BatchView } from '@barnabas/protocol'
import { describe, expect, test } from 'vitest'
import { type LogTail, TailCache } from '../src/tail-cache.ts'
import { batch, recordsOf, simple } from './support/batches.ts'

const ALL = { maxOffset: 1e9, maxBytes: 1 << 20, minOneBatch: true }

class Counted implements SharedBytes {
  count = 1
  retain() {
    this.count++
  }
  release() {
    this.count--
  }
}

function add(tail: LogTail, view: BatchView, owner: SharedBytes | null = null): BatchView {
  tail.add(view.bytes, [view], owner)
  return view
}

const large = (baseOffset: number) =>
  batch({ baseOffset, records: [{ value: 'x'.repeat(10_000) }, { value: 'y' }] })

describe('tail cache', () => {
  test('small batches stand one behind another and come as one piece', () => {
    const tail = new TailCache(1 << 20).createTail()
    const all = Array.from({ length: 50 }, (_, n) => add(tail, simple(2, { baseOffset: n * 2 })))
    const run = tail.read({ offset: 5, ...ALL })!
    expect(Buffer.concat(run.parts)).toEqual(recordsOf(...all.slice(2)))
    expect(run.parts.length).toBeLessThan(4)
    expect(run).toMatchObject({ startOffset: 4, endOffset: 100, owners: [] })
    const some = tail.read({ ...ALL, offset: 5, maxOffset: 9, maxBytes: 1000 })!
    expect(some.endOffset).toBe(8)
  })

  test('large batches stay where they came, held until the last reader is done', () => {
    const cache = new TailCache(1 << 20)
    const tail = cache.createTail()
    const owner = new Counted()
    const view = add(tail, large(0), owner)
    expect(owner.count).toBe(2)
    const run = tail.read({ offset: 1, ...ALL })!
    expect(run.parts[0]!.buffer).toBe(view.buffer.buffer)
    expect(run.owners).toEqual([owner])
    expect(owner.count).toBe(3)
    tail.clear()
    expect(owner.count).toBe(2)
    expect(cache.usedBytes).toBe(0)
    for (const one of run.owners) one.release()
    expect(owner.count).toBe(1)
  })

  test('limits hold across pieces', () => {
    const tail = new TailCache(1 << 20).createTail()
    const a = add(tail, large(0))
    const b = add(tail, large(2))
    add(tail, simple(1, { baseOffset: 4 }))
    const maxBytes = a.sizeBytes + b.sizeBytes
    expect(tail.read({ ...ALL, offset: 0, maxBytes })).toMatchObject({ endOffset: 4 })
    expect(tail.read({ ...ALL, offset: 0, maxBytes: maxBytes - 1 })!.endOffset).toBe(2)
    expect(tail.read({ ...ALL, offset: 0, maxBytes: 1 })!.endOffset).toBe(2)
    expect(tail.read({ ...ALL, offset: 0, maxBytes: 1, minOneBatch: false })!.sizeBytes).toBe(0)
    expect(tail.read({ ...ALL, offset: 0, maxOffset: 4 })!.endOffset).toBe(4)
    expect(tail.read({ ...ALL, offset: 5 })).toBeNull()
  })

  test('the oldest go first, whichever log they are of', () => {
    const cache = new TailCache(50_000)
    const [a, b] = [cache.createTail(), cache.createTail()]
    const owners = Array.from({ length: 12 }, () => new Counted())
    for (let n = 0; n < 6; n++) {
      add(a, large(n * 2), owners[n * 2])
      add(b, large(n * 2), owners[n * 2 + 1])
      expect(cache.usedBytes).toBeLessThanOrEqual(50_000)
    }
    expect(owners.filter(({ count }) => count === 2).length).toBe(4)
    expect(a.read({ offset: 0, ...ALL })).toBeNull()
    expect(a.read({ offset: 8, ...ALL })).toMatchObject({ endOffset: 12 })
    expect(b.read({ offset: 9, ...ALL })).toMatchObject({ startOffset: 8, endOffset: 12 })
    for (let n = 0; n < 200; n++) add(a, large(12 + n * 2))
    expect(b.read({ offset: 9, ...ALL })).toBeNull()
    expect(a.read({ offset: 411, ...ALL })).toMatchObject({ endOffset: 412 })
  })

  test('a gap begins the tail anew', () => {
    const tail = new TailCache(1 << 20).createTail()
    add(tail, simple(2))
    add(tail, simple(2, { baseOffset: 9 }))
    expect(tail.read({ offset: 1, ...ALL })).toBeNull()
    expect(tail.read({ offset: 9, ...ALL })).toMatchObject({ endOffset: 11 })
  })

  test('what is larger than the whole cache is not kept', () => {
    const cache = new TailCache(100)
    const tail = cache.createTail()
    add(tail, large(0))
    expect(tail.read({ offset: 0, ...ALL })).toBeNull()
    expect(cache.usedBytes).toBe(0)
    const none = new TailCache(0).createTail()
    add(none, simple(1))
    expect(none.read({ offset: 0, ...ALL })).toBeNull()
  })

  test('several batches in one piece are found one by one', () => {
    const tail = new TailCache(1 << 20).createTail()
    const all = [large(0), large(2), large(4)]
    tail.add(recordsOf(...all), all, null)
    const run = tail.read({ offset: 3, ...ALL })!
    expect(run.startOffset).toBe(2)
    expect(Buffer.concat(run.parts).equals(recordsOf(...all.slice(1)))).toBe(true)
    const one = tail.read({ ...ALL, offset: 3, maxBytes: 10_200 })!
    expect([one.startOffset, one.endOffset]).toEqual([2, 4])
  })
})
