import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BatchSizes } from '../src/partition/batch-sizes.ts'

test('bytes between two offsets are those of the batches that end between them', () => {
  const sizes = new BatchSizes(5)
  sizes.add(10, 100)
  sizes.add(15, 50)
  sizes.add(16, 1)
  expect(sizes.between(5, 16)).toBe(151)
  expect(sizes.between(10, 16)).toBe(51)
  expect(sizes.between(10, 15)).toBe(50)
  expect(sizes.between(12, 16)).toBe(51)
  expect(sizes.between(10, 14)).toBe(0)
  expect(sizes.between(16, 16)).toBe(0)
  expect(sizes.between(16, 10)).toBe(0)
})

test('what lies before the batches kept is not known', () => {
  const sizes = new BatchSizes(0, 4)
  expect(sizes.between(-1, 5)).toBeNull()
  expect(sizes.between(0, 5)).toBe(0)
  for (let offset = 1; offset <= 6; offset++) sizes.add(offset, 10)
  expect(sizes.between(3, 6)).toBe(30)
  expect(sizes.between(2, 6)).toBeNull()
  sizes.reset(3)
  expect(sizes.between(2, 6)).toBeNull()
  sizes.add(5, 7)
  expect(sizes.between(3, 6)).toBe(7)
})

test('as counted one by one', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.nat(100)), { minLength: 1 })
  fc.assert(
    fc.property(steps, fc.nat(200), fc.nat(200), (batches, from, to) => {
      const sizes = new BatchSizes(0, 16)
      const all: [number, number][] = [[0, 0]]
      let offset = 0
      for (const [count, size] of batches) {
        offset += count
        sizes.add(offset, size)
        all.push([offset, size])
      }
      const result = sizes.between(from, to)
      if (result === null) {
        // Only where the batch that ends at or before `from` is not kept.
        expect(all.slice(-16)[0]![0]).toBeGreaterThan(from)
        return
      }
      const expected = all.filter(([end]) => end > from && end <= to)
      expect(result).toBe(expected.reduce((sum, [, size]) => sum + size, 0))
    }),
    { seed: 11 },
  )
})
