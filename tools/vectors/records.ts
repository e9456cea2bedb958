/**
 * Record vectors: every batch and message set that Apache Kafka wrote must be read to the same records;
 * what it wrote uncompressed must be built again to the same bytes, and what it compressed must open to
 * the bytes it had before.
 */
import { join } from 'node:path'
import {
  BatchBuilder,
  BatchView,
  type ControlRecordType as ControlType,
  ControlRecordType,
  controlRecordType,
  DELETE_HORIZON_FLAG,
  type DecodedRecord,
  decodeStoredRecords,
  emptyBatchOf,
  type LegacyMagic,
  LegacyMessage,
  openRecords,
  readStoredBatches,
  type StoredBatch,
  upConvert,
  writeLegacySet,
} from '@barnabas/protocol'
import { linesOf } from './lines.ts'
import { Tally } from './tally.ts'

interface Header {
  position: number
  sizeInBytes: number
  baseOffset: number | string
  magic: number
  crc: number
  valid: boolean
  attributes: number
  baseTimestamp?: number | string
  lastOffset: number | string
  lastSequence?: number
  timestampType: string
  uncompressedHex?: string
}

interface VectorRecord {
  offset: number | string
  timestamp: number | string
  sequence?: number
  key: string | null
  value: string | null
  headers: { key: string; value: string | null }[]
  controlType?: string
}

interface RecordVector {
  case: string
  hex: string
  batches: { header: Header; records?: VectorRecord[] }[]
  trailingBytes?: number
}

const FILES = ['v2', 'control', 'legacy']

export function runRecords(directory: string): Tally {
  const tally = new Tally('records')
  for (const file of FILES) {
    const vectors = linesOf(join(directory, `${file}.jsonl.gz`)) as RecordVector[]
    for (const vector of vectors) {
      tally.check(`${file} ${vector.case}`, () => checkVector(vector, vectors))
    }
  }
  return tally
}

function checkVector(vector: RecordVector, all: RecordVector[]): void {
  const bytes = Buffer.from(vector.hex, 'hex')
  const { batches, sizeBytes } = readStoredBatches(bytes)
  same('batches', batches.length, vector.batches.length)
  same('trailing bytes', bytes.length - sizeBytes, vector.trailingBytes ?? 0)
  batches.forEach((entry, index) => {
    const { header, records } = vector.batches[index]!
    checkHeader(entry, header)
    if (records !== undefined) checkRecords(entry, header, records)
  })
  if (vector.batches.some(({ header }) => !header.valid)) return
  checkConversion(batches)
  checkBytes(vector, batches, all)
}

function checkHeader(entry: StoredBatch, header: Header): void {
  same('position', entry.position, header.position)
  same('size', entry.sizeBytes, header.sizeInBytes)
  same('magic', entry.magic, header.magic)
  same('attributes', entry.attributes, header.attributes)
  same('CRC is valid', entry.hasValidCrc(), header.valid)
  if (header.crc >= 0) same('CRC', entry.crc, header.crc)
  if (entry instanceof LegacyMessage) {
    same('offset', entry.offset, clamped(header.lastOffset))
    return
  }
  same('base offset', entry.baseOffset, clamped(header.baseOffset))
  same('last offset', clamped(entry.lastOffset), clamped(header.lastOffset))
  same('base timestamp', entry.baseTimestamp, clamped(header.baseTimestamp!))
  same('last sequence', entry.lastSequence, header.lastSequence)
  if (header.uncompressedHex === undefined) return
  same('content', openRecords(entry).toString('hex'), header.uncompressedHex)
}

function checkRecords(entry: StoredBatch, header: Header, expected: VectorRecord[]): void {
  const found = decodeStoredRecords(entry)
  same('records', found.length, expected.length)
  found.forEach((record, index) => {
    const wanted = expected[index]!
    same('offset', clamped(record.offset), clamped(wanted.offset))
    same('timestamp', record.timestamp, clamped(wanted.timestamp))
    same('key', hexOf(record.key), wanted.key)
    same('value', hexOf(record.value), wanted.value)
    const headers = record.headers.map((h) => ({ key: h.key, value: hexOf(h.value) }))
    same('headers', JSON.stringify(headers), JSON.stringify(wanted.headers))
    if (wanted.controlType === undefined) return
    const type = ControlRecordType[wanted.controlType as keyof typeof ControlRecordType]
    same('control type', controlRecordType(record.key), type satisfies ControlType)
  })
  same(
    'entry is of log append time',
    entry.isLogAppendTime,
    header.timestampType === 'LogAppendTime',
  )
}

/** Old messages must become batches of the same records. */
function checkConversion(entries: StoredBatch[]): void {
  if (entries.every((entry) => entry instanceof BatchView)) return
  const before = JSON.stringify(entries.flatMap((entry) => decodeStoredRecords(entry)))
  const after = JSON.stringify(upConvert(entries).flatMap((batch) => decodeStoredRecords(batch)))
  same('records converted', after, before)
}

/** Builds what Kafka wrote uncompressed; values beyond 2^53 do not come back and are left out. */
function checkBytes(vector: RecordVector, entries: StoredBatch[], all: RecordVector[]): void {
  entries.forEach((entry, index) => {
    const { header, records } = vector.batches[index]!
    if (entry.compressionCode !== 0 || records === undefined) return
    const numbers = [header.baseOffset, ...records.map((record) => record.timestamp)]
    if (numbers.some((value) => typeof value === 'string')) return
    const decoded = decodeStoredRecords(entry)
    let built: Buffer
    if (entry instanceof LegacyMessage) {
      built = writeLegacySet(decoded, {
        magic: entry.magic as LegacyMagic,
        compressionCode: 0,
        logAppendTimeMs: entry.isLogAppendTime ? entry.timestamp : null,
      })
    } else if (entry.recordCount === 0) built = emptyBatchOf(entry).bytes
    else built = rebuilt(entry, decoded, plainTimestamps(vector, all))
    same('bytes', built.toString('hex'), entry.bytes.toString('hex'))
  })
}

/** Log append time hides the timestamps of the records: those of the same records without it. */
function plainTimestamps(vector: RecordVector, all: RecordVector[]): number[] | null {
  const plain = all.find((other) => `${other.case}/log-append-time` === vector.case)
  return plain?.batches[0]?.records?.map((record) => Number(record.timestamp)) ?? null
}

function rebuilt(batch: BatchView, records: DecodedRecord[], timestamps: number[] | null): Buffer {
  const builder = new BatchBuilder({
    baseOffset: batch.baseOffset,
    partitionLeaderEpoch: batch.partitionLeaderEpoch,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    isTransactional: batch.isTransactional,
    isControl: batch.isControl,
    ...(batch.isLogAppendTime ? { logAppendTimeMs: batch.maxTimestamp } : {}),
    ...(batch.attributes & DELETE_HORIZON_FLAG ? { deleteHorizonMs: batch.baseTimestamp } : {}),
  })
  records.forEach((record, index) => {
    const timestamp = timestamps?.[index] ?? record.timestamp
    const delta = record.offset - batch.baseOffset
    builder.appendAt(delta, timestamp, record.key, record.value, record.headers)
  })
  builder.extendTo(batch.lastOffsetDelta)
  return builder.build().bytes
}

function same(what: string, found: unknown, wanted: unknown): void {
  if (found === wanted) return
  throw new Error(
    `${what}: ${String(found).slice(0, 200)} instead of ${String(wanted).slice(0, 200)}`,
  )
}

/** Beyond 2^53 vectors have decimal text where our readers give the nearest exact number. */
function clamped(value: number | string): number {
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, Number(value)))
}

const hexOf = (bytes: Uint8Array | null) =>
  bytes === null ? null : Buffer.from(bytes).toString('hex')
