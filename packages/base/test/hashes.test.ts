import { readFileSync } from 'node:fs'
import {
  coordinatorPartition,
  crc32c,
  crc32cPortable,
  javaStringHash,
  murmur2,
  toPositive,
} from '@barnabas/base'
import fc from 'fast-check'
import { expect, test } from 'vitest'

function vectors(name: string): Record<string, unknown>[] {
  const text = readFileSync(new URL(`./fixtures/${name}.jsonl`, import.meta.url), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

test('CRC-32C gives what Apache Kafka gives, native or not', () => {
  const all = vectors('crc32c')
  expect(all.length).toBeGreaterThan(10)
  for (const { hex, crc32c: expected } of all) {
    const bytes = Buffer.from(hex as string, 'hex')
    expect(crc32c(bytes)).toBe(expected)
    expect(crc32cPortable(bytes)).toBe(expected)
  }
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
})

test('CRC-32C of parts continues, and both implementations agree on any input', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(2000), (bytes, cut) => {
      const whole = crc32cPortable(bytes)
      expect(crc32c(bytes)).toBe(whole)
      expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(whole)
    }),
  )
})

test('murmur2 gives what Apache Kafka gives', () => {
  const all = vectors('murmur2')
  expect(all.length).toBeGreaterThan(10)
  for (const { key, murmur2: expected, positive } of all) {
    const hash = murmur2(Buffer.from(key as string, 'hex'))
    expect(hash).toBe(expected)
    expect(toPositive(hash)).toBe(positive)
  }
})

test('FCO-02 a coordinator key maps to the partition Apache Kafka chooses', () => {
  const all = vectors('coordinator-partition')
  expect(all.length).toBeGreaterThan(10)
  for (const { id, hashCode, partitionOf50, partitionOf7 } of all) {
    expect(javaStringHash(id as string)).toBe(hashCode)
    expect(coordinatorPartition(id as string, 50)).toBe(partitionOf50)
    expect(coordinatorPartition(id as string, 7)).toBe(partitionOf7)
  }
})
