import { readFileSync } from 'node:fs'
import {
  putUnsignedVarint,
  putVarint,
  putVarlong,
  unsignedVarintSize,
  varintSize,
  varlongSize,
} from '@barnabas/base'
import { expect, test } from 'vitest'

interface Vector {
  kind: 'uvarint' | 'varint' | 'varlong'
  value: number | string
  hex: string
}

const put = { uvarint: putUnsignedVarint, varint: putVarint, varlong: putVarlong }
const sizeOf = { uvarint: unsignedVarintSize, varint: varintSize, varlong: varlongSize }

test('variable-length integers are written as Apache Kafka writes them', () => {
  const text = readFileSync(new URL('./fixtures/varint.jsonl', import.meta.url), 'utf8')
  const vectors = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Vector)
  const counts = { uvarint: 0, varint: 0, varlong: 0 }
  for (const { kind, value, hex } of vectors) {
    if (typeof value === 'string') continue // beyond 2^53
    counts[kind]++
    const into = new Uint8Array(12)
    const end = put[kind](into, 1, value)
    expect(Buffer.from(into.subarray(1, end)).toString('hex')).toBe(hex)
    expect(sizeOf[kind](value)).toBe(hex.length / 2)
  }
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(30)
})

test('the widest whole numbers keep every bit', () => {
  for (const value of [
    Number.MAX_SAFE_INTEGER,
    -Number.MAX_SAFE_INTEGER,
    2 ** 52,
    -(2 ** 31) - 1,
  ]) {
    const into = new Uint8Array(10)
    const end = putVarlong(into, 0, value)
    let raw = 0n
    for (let at = end - 1; at >= 0; at--) raw = (raw << 7n) | BigInt(into[at]! & 0x7f)
    expect((raw >> 1n) ^ -(raw & 1n)).toBe(BigInt(value))
    expect(varlongSize(value)).toBe(end)
  }
})
