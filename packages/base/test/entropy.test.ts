import { readFileSync } from 'node:fs'
import {
  chance,
  type Entropy,
  isUuid,
  randomBelow,
  randomFraction,
  randomHexUuid,
  randomUuid,
  seededEntropy,
  uuidFromBytes,
  uuidToBytes,
} from '@barnabas/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const draw = (entropy: Entropy, count = 8) => Array.from({ length: count }, () => entropy.nextU32())

test('equal seeds give equal numbers, others do not', () => {
  expect(draw(seededEntropy(7))).toEqual(draw(seededEntropy(7)))
  expect(draw(seededEntropy(7))).toEqual(draw(seededEntropy('7')))
  expect(draw(seededEntropy(7))).not.toEqual(draw(seededEntropy(8)))
})

test('a fork depends on the seed and its name, not on what was drawn', () => {
  const fresh = seededEntropy(1)
  const used = seededEntropy(1)
  draw(used)
  expect(draw(used.fork('network'))).toEqual(draw(fresh.fork('network')))
  expect(draw(fresh.fork('network'))).not.toEqual(draw(fresh.fork('storage')))
  expect(draw(fresh.fork('a').fork('b'))).not.toEqual(draw(fresh.fork('b').fork('a')))
  expect(draw(fresh.fork('ab'))).not.toEqual(draw(fresh.fork('a').fork('b')))
})

test('numbers are spread evenly over their range', () => {
  const entropy = seededEntropy('even')
  const counts = new Array<number>(7).fill(0)
  for (let n = 0; n < 70_000; n++) counts[randomBelow(entropy, 7)]!++
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  let bits = 0
  for (const value of draw(entropy, 10_000)) for (let b = 0; b < 32; b++) bits += (value >>> b) & 1
  expect(Math.abs(bits - 160_000)).toBeLessThan(1500)
  expect(chance(entropy, 0)).toBe(false)
  expect(chance(entropy, 1)).toBe(true)
})

test('a draw below a limit never reaches it, however the bits fall', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 32 }), (seed, limit) => {
      const entropy = seededEntropy(seed)
      const value = randomBelow(entropy, limit)
      expect(value >= 0 && value < limit).toBe(true)
      const fraction = randomFraction(entropy)
      expect(fraction >= 0 && fraction < 1).toBe(true)
    }),
  )
  expect(() => randomBelow(seededEntropy(1), 0)).toThrow()
})

test('UUIDs have the text Apache Kafka gives their bytes', () => {
  const text = readFileSync(new URL('./fixtures/uuid.jsonl', import.meta.url), 'utf8')
  const vectors = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(vectors.length).toBeGreaterThan(50)
  for (const { text, hex } of vectors) {
    expect(uuidFromBytes(Buffer.from(hex, 'hex'))).toBe(text)
    expect(Buffer.from(uuidToBytes(text)!).toString('hex')).toBe(hex)
  }
})

test('what is no UUID is refused', () => {
  for (const text of [
    '',
    'AAAA',
    'AAAAAAAAAAAAAAAAAAAAAB',
    'AAAAAAAAAAAAAAAAAAAAAA==',
    '!'.repeat(22),
  ]) {
    expect(isUuid(text)).toBe(false)
    expect(uuidToBytes(text)).toBe(null)
  }
})

test('random UUIDs are version 4, never reserved, never begin with a dash', () => {
  const entropy = seededEntropy('uuid')
  const seen = new Set<string>()
  for (let n = 0; n < 2000; n++) {
    const text = randomUuid(entropy)
    seen.add(text)
    expect(text).toMatch(/^[^-].{21}$/)
    expect(uuidToBytes(text)![6]! >> 4).toBe(4)
    expect(randomHexUuid(entropy)).toMatch(
      /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
    )
  }
  expect(seen.size).toBe(2000)
})
