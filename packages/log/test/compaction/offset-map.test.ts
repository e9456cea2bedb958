import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KeyHash } from '../../src/compaction/key-hash.ts'
import { OffsetMap } from '../../src/compaction/offset-map.ts'

const hex = (hash: KeyHash) =>
  [hash.h1, hash.h2, hash.h3, hash.h4].map((word) => word.toString(16).padStart(8, '0')).join('')

describe('key hash', () => {
  test('is MurmurHash3 of 128 bits, wherever the key stands', () => {
    const hash = new KeyHash()
    for (const [key, expected] of [
      ['', '00000000000000000000000000000000'],
      ['a', 'a794933c5556b01b5556b01b5556b01b'],
      ['Hello, world!', '26acdba7f0638dfc402b42630afdd4c3'],
      ['0123456789abcdef', 'fb7d440936aed30a48ad1d9b572b3bfd'],
      ['0123456789abcdefghijklmnopqrstuv', 'e5de5fcea60accdcd9354a2a714b9144'],
      ['The quick brown fox jumps over the lazy dog', '2f1583c3ecee2c675d7bf66ce5e91d2c'],
    ] as const) {
      const bytes = Buffer.from(`--${key}--`)
      hash.update(bytes, 2, bytes.length - 2)
      expect(hex(hash)).toBe(expected)
    }
    const high = Buffer.concat([Buffer.alloc(5, 0xff), Buffer.alloc(10, 0x80)])
    hash.update(high, 0, high.length)
    expect(hex(hash)).toBe('7356f73b9c0b7f41826dda7fd3300597')
  })

  test('differs where a single bit does', () => {
    const hash = new KeyHash()
    const seen = new Set<string>()
    const key = Buffer.alloc(37)
    for (let bit = 0; bit < key.length * 8; bit++) {
      key.fill(0)
      key[bit >> 3] = 1 << (bit & 7)
      hash.update(key, 0, key.length)
      seen.add(hex(hash))
    }
    expect(seen.size).toBe(key.length * 8)
  })
})

describe('offset map', () => {
  const put = (map: OffsetMap, key: string, offset: number) => {
    const bytes = Buffer.from(key)
    return map.put(bytes, 0, bytes.length, offset)
  }
  const get = (map: OffsetMap, key: string) => {
    const bytes = Buffer.from(key)
    return map.get(bytes, 0, bytes.length)
  }

  test('CMP-12 takes no more keys than its memory and load factor allow', () => {
    const map = new OffsetMap({ memoryBytes: 24_000, loadFactor: 0.9, keysMax: 1e9 })
    expect(map.memoryBytes).toBeLessThanOrEqual(24_000)
    let taken = 0
    while (put(map, `key ${taken}`, taken)) taken++
    expect(taken).toBe(map.capacity)
    expect(taken).toBeGreaterThan(880)
    expect(taken).toBeLessThanOrEqual(900)
    expect(map.utilization).toBeLessThanOrEqual(0.9)
    // Known keys still go forward.
    expect(put(map, 'key 5', 70_000)).toBe(true)
    expect(get(map, 'key 5')).toBe(70_000)
    expect(get(map, `key ${taken}`)).toBe(-1)
    for (let n = 0; n < taken; n++) if (n !== 5) expect(get(map, `key ${n}`)).toBe(n)
  })

  test('CMP-12 takes memory only for the keys there can be', () => {
    const map = new OffsetMap({ memoryBytes: 128 * 1024 * 1024, loadFactor: 0.9, keysMax: 100 })
    expect(map.memoryBytes).toBeLessThan(4000)
    for (let n = 0; n < 100; n++) expect(put(map, `${n}`, n)).toBe(true)
    const empty = new OffsetMap({ memoryBytes: 1000, loadFactor: 0.5, keysMax: 0 })
    expect(put(empty, '', 0)).toBe(true)
    expect(get(empty, '')).toBe(0)
    expect(() => new OffsetMap({ memoryBytes: 20, loadFactor: 0.01, keysMax: 5 })).toThrow('no key')
  })

  test('CMP-12 knows what a plain map knows', () => {
    const operation = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.nat(2 ** 50))
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const map = new OffsetMap({ memoryBytes: 24 * 47, loadFactor: 0.9, keysMax: 1000 })
        const model = new Map<string, number>()
        for (const [n, offset] of operations) {
          const key = `key-${n}`
          const fits = model.has(key) || model.size < map.capacity
          if (fits) model.set(key, offset)
          expect(put(map, key, offset)).toBe(fits)
        }
        expect(map.size).toBe(model.size)
        for (let n = 0; n <= 60; n++) expect(get(map, `key-${n}`)).toBe(model.get(`key-${n}`) ?? -1)
      }),
      { numRuns: 100, seed: 7 },
    )
  })
})
