/** Record batches for tests, uncompressed, with offsets from 0 unless told otherwise. */
import { BatchView } from '@barnabas/protocol'

export interface TestRecord {
  key?: string | null
  value?: string | null
  /** Relative to the batch's base timestamp. */
  timestampDelta?: number
  offsetDelta?: number
}

export interface TestBatch {
  baseOffset?: number
  leaderEpoch?: number
  timestamp?: number
  maxTimestamp?: number
  producerId?: number
  producerEpoch?: number
  baseSequence?: number
  transactional?: boolean
  control?: boolean
  attributes?: number
  lastOffsetDelta?: number
  records: readonly (TestRecord | Buffer)[]
}

export function batch(options: TestBatch): BatchView {
  const records = options.records.map((record, n) =>
    Buffer.isBuffer(record) ? record : encodeRecord(record, n),
  )
  const body = Buffer.concat(records)
  const bytes = Buffer.alloc(61 + body.length)
  body.copy(bytes, 61)
  const timestamp = options.timestamp ?? 1000
  const deltas = options.records.map((r) => (Buffer.isBuffer(r) ? 0 : (r.timestampDelta ?? 0)))
  bytes.writeBigInt64BE(BigInt(options.baseOffset ?? 0), 0)
  bytes.writeInt32BE(bytes.length - 12, 8)
  bytes.writeInt32BE(options.leaderEpoch ?? 0, 12)
  bytes.writeInt8(2, 16)
  bytes.writeInt16BE(
    (options.attributes ?? 0) | (options.transactional ? 0x10 : 0) | (options.control ? 0x20 : 0),
    21,
  )
  bytes.writeInt32BE(options.lastOffsetDelta ?? Math.max(0, records.length - 1), 23)
  bytes.writeBigInt64BE(BigInt(timestamp), 27)
  bytes.writeBigInt64BE(BigInt(options.maxTimestamp ?? timestamp + Math.max(0, ...deltas)), 35)
  bytes.writeBigInt64BE(BigInt(options.producerId ?? -1), 43)
  bytes.writeInt16BE(options.producerEpoch ?? -1, 51)
  bytes.writeInt32BE(options.baseSequence ?? -1, 53)
  bytes.writeInt32BE(records.length, 57)
  const view = new BatchView(bytes)
  bytes.writeUInt32BE(view.computeCrc(), 17)
  return view
}

/** A batch of `count` small records. */
export function simple(count: number, options: Omit<TestBatch, 'records'> = {}): BatchView {
  return batch({
    ...options,
    records: Array.from({ length: count }, (_, n) => ({ key: `k${n}`, value: `value ${n}` })),
  })
}

/** A transaction marker as the coordinator writes it. */
export function marker(
  type: 'commit' | 'abort',
  options: Omit<TestBatch, 'records'> & { coordinatorEpoch?: number },
): BatchView {
  const key = Buffer.from([0, 0, 0, type === 'commit' ? 1 : 0])
  const value = Buffer.alloc(6)
  value.writeInt32BE(options.coordinatorEpoch ?? 0, 2)
  return batch({
    ...options,
    control: true,
    transactional: true,
    records: [rawRecord(key, value, 0, 0)],
  })
}

export function recordsOf(...batches: BatchView[]): Buffer {
  return Buffer.concat(batches.map(({ bytes }) => bytes))
}

function encodeRecord(record: TestRecord, n: number): Buffer {
  const field = (text: string | null | undefined) =>
    text === null || text === undefined ? null : Buffer.from(text)
  return rawRecord(
    field(record.key),
    field(record.value),
    record.offsetDelta ?? n,
    record.timestampDelta ?? 0,
  )
}

function rawRecord(
  key: Buffer | null,
  value: Buffer | null,
  offsetDelta: number,
  timestampDelta: number,
): Buffer {
  const body = Buffer.concat([
    Buffer.from([0]),
    varint(timestampDelta),
    varint(offsetDelta),
    varint(key === null ? -1 : key.length),
    key ?? Buffer.alloc(0),
    varint(value === null ? -1 : value.length),
    value ?? Buffer.alloc(0),
    varint(0),
  ])
  return Buffer.concat([varint(body.length), body])
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = (BigInt(value) << 1n) ^ (BigInt(value) >> 63n)
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}
