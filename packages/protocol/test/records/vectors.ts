/** Test vectors written by Apache Kafka: batches, and what its own classes read from them. */
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

export interface VectorHeader {
  position: number
  sizeInBytes: number
  baseOffset: number | string
  magic: number
  crc: number
  valid: boolean
  partitionLeaderEpoch: number
  attributes: number
  lastOffsetDelta: number
  baseTimestamp: number | string
  maxTimestamp: number | string
  producerId: number | string
  producerEpoch: number
  baseSequence: number
  count: number
  lastOffset: number | string
  transactional: boolean
  control: boolean
  deleteHorizonMs: number | null
  compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  timestampType: string
}

export interface VectorRecord {
  offset: number | string
  timestamp: number | string
  sequence: number
  key: string | null
  value: string | null
  headers: { key: string; value: string | null }[]
  controlType?: string
}

export interface RecordVector {
  case: string
  hex: string
  batches: { header: VectorHeader; records?: VectorRecord[] }[]
  trailingBytes?: number
}

export function recordVectors(name: 'v2' | 'control' | 'legacy'): RecordVector[] {
  const file = new URL(`../fixtures/records/${name}.jsonl.gz`, import.meta.url)
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line) as RecordVector)
}

export const hexOf = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString('hex')

export const bytesOf = (hex: string | null): Buffer | null =>
  hex === null ? null : Buffer.from(hex, 'hex')

/** Beyond 2^53 vectors have decimal text where our readers give the nearest exact number. */
export const clamped = (value: number | string): number =>
  Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)))
