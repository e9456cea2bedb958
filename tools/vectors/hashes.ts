/** Vectors of checksums, hashes, varints and UUIDs. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  coordinatorPartition,
  crc32c,
  crc32cPortable,
  groupHash,
  isUuid,
  javaStringHash,
  murmur2,
  putUnsignedVarint,
  putVarint,
  putVarlong,
  toPositive,
  uuidFromBytes,
  uuidToBytes,
  varlongSize,
} from '@barnabas/base'
import { Reader, Writer } from '@barnabas/protocol'
import { linesOf } from './lines.ts'
import { Tally } from './tally.ts'

type Check = (vector: never) => void

interface PartitionVector {
  id: string
  hashCode: number
  partitionOf50: number
  partitionOf7: number
}

interface ShareKeyVector {
  group: string
  topicId: string
  partition: number
  key: string
  partitionOf50: number
}

const checks: Record<string, Check> = {
  crc32c: (vector: { hex: string; crc32c: number }) => {
    const bytes = Buffer.from(vector.hex, 'hex')
    equal(crc32c(bytes), vector.crc32c)
    equal(crc32cPortable(bytes), vector.crc32c)
  },
  murmur2: (vector: { key: string; murmur2: number; partition: Record<string, number> }) => {
    const hash = murmur2(Buffer.from(vector.key, 'hex'))
    equal(hash, vector.murmur2)
    for (const [count, partition] of Object.entries(vector.partition))
      equal(toPositive(hash) % Number(count), partition)
  },
  varint: checkVarint,
  uuid: (vector: { text: string; hex: string }) => {
    const bytes = Buffer.from(vector.hex, 'hex')
    equal(isUuid(vector.text), true)
    equal(uuidFromBytes(bytes), vector.text)
    equal(Buffer.from(uuidToBytes(vector.text)!).toString('hex'), vector.hex)
    equal(new Reader(bytes).uuid(), vector.text)
    const writer = new Writer()
    writer.uuid(vector.text)
    equal(writer.finishBuffer().toString('hex'), vector.hex)
  },
  'coordinator-partition': (vector: PartitionVector) => {
    equal(javaStringHash(vector.id), vector.hashCode)
    equal(coordinatorPartition(vector.id, 50), vector.partitionOf50)
    equal(coordinatorPartition(vector.id, 7), vector.partitionOf7)
  },
  'share-coordinator-key': (vector: ShareKeyVector) => {
    equal(`${vector.group}:${vector.topicId}:${vector.partition}`, vector.key)
    equal(coordinatorPartition(vector.key, 50), vector.partitionOf50)
  },
  'group-hash': (vector: { topicHashes: Record<string, string>; groupHash: string }) => {
    const hashes = Object.entries(vector.topicHashes)
    const byName = new Map(hashes.map(([name, hash]) => [name, BigInt(hash)]))
    equal(String(groupHash(byName)), vector.groupHash)
  },
}

export function runHashes(directory: string): Tally {
  const tally = new Tally('hashes')
  for (const [name, check] of Object.entries(checks)) {
    const file = join(directory, `${name}.jsonl.gz`)
    if (!existsSync(file)) continue
    linesOf(file).forEach((vector, index) => {
      tally.check(`${name} ${index + 1}`, () => check(vector as never))
    })
  }
  return tally
}

interface VarintVector {
  kind: 'varint' | 'uvarint' | 'varlong' | 'uvarlong'
  value: number | string
  hex: string
}

/** Unsigned 64-bit varints stand nowhere in the protocol. Those beyond 2^53 are no numbers of ours. */
function checkVarint({ kind, value, hex }: VarintVector): void {
  if (kind === 'uvarlong' || typeof value === 'string') return
  const into = new Uint8Array(10)
  if (kind === 'varlong') {
    const end = putVarlong(into, 0, value)
    equal(Buffer.from(into.subarray(0, end)).toString('hex'), hex)
    equal(varlongSize(value), end)
    return
  }
  const reader = new Reader(Buffer.from(hex, 'hex'))
  equal(kind === 'varint' ? reader.varint() : reader.unsignedVarint(), value)
  equal(reader.remaining, 0)
  const writer = new Writer()
  if (kind === 'varint') writer.varint(value)
  else writer.unsignedVarint(value)
  equal(writer.finishBuffer().toString('hex'), hex)
  const end = kind === 'varint' ? putVarint(into, 0, value) : putUnsignedVarint(into, 0, value)
  equal(Buffer.from(into.subarray(0, end)).toString('hex'), hex)
}

function equal(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${String(actual)} instead of ${String(expected)}`)
}
