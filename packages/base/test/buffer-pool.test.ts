import { BufferPool, InvariantError, POOLED_MAX_BYTES } from '@barnabas/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'

test('a buffer comes back for reuse after its last release', () => {
  const pool = new BufferPool(1 << 20)
  const buffer = pool.take(100_000)
  expect(buffer.bytes.length).toBe(131_072)
  buffer.retain()
  buffer.release()
  expect(pool.stats.idleBytes).toBe(0)
  buffer.release()
  expect(pool.stats).toEqual({ idleBytes: 131_072, usedBytes: 0 })
  expect(pool.take(70_000).bytes).toBe(buffer.bytes)
  expect(() => buffer.release()).toThrow(InvariantError)
})

test('what is kept never exceeds the limit, and huge buffers are not kept', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(POOLED_MAX_BYTES + 10_000), { maxLength: 20 }), (sizes) => {
      const pool = new BufferPool(1 << 20)
      const taken = sizes.map((size) => pool.take(size))
      taken.forEach((buffer, index) =>
        expect(buffer.bytes.length).toBeGreaterThanOrEqual(sizes[index]!),
      )
      for (const buffer of taken) buffer.release()
      expect(pool.stats.idleBytes).toBeLessThanOrEqual(1 << 20)
      expect(pool.stats.usedBytes).toBe(0)
    }),
  )
})
