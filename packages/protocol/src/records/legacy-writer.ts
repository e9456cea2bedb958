/** Writes messages of magic 0 and 1, for clients that know no record batches. */
import { crc32 } from 'node:zlib'
import { LOG_APPEND_TIME_FLAG, NO_TIMESTAMP } from './layout.ts'
import { legacyCodec } from './legacy-message.ts'

export type LegacyMagic = 0 | 1

export interface LegacyRecord {
  offset: number
  timestamp: number
  key: Uint8Array | null
  value: Uint8Array | null
}

export interface LegacySetOptions {
  magic: LegacyMagic
  /** 0 none, 1 gzip, 2 snappy, 3 lz4. */
  compressionCode: number
  /** Set: the timestamp the broker gave to all of them. */
  logAppendTimeMs: number | null
}

const LOG_OVERHEAD = 12
const FIXED_BYTES = [14, 22] as const

/** One message a record, or one wrapper around them all when they are to be compressed. */
export function writeLegacySet(
  records: readonly LegacyRecord[],
  options: LegacySetOptions,
): Buffer {
  if (records.length === 0) return Buffer.alloc(0)
  const { magic, compressionCode } = options
  // Inside a wrapper of magic 1 offsets count from the first record's.
  const base = compressionCode !== 0 && magic === 1 ? records[0]!.offset : 0
  const timestampFlag = magic === 1 && options.logAppendTimeMs !== null ? LOG_APPEND_TIME_FLAG : 0
  let size = 0
  for (const record of records) size += messageBytes(magic, record)
  const messages = Buffer.allocUnsafe(size)
  let at = 0
  let maxTimestamp = NO_TIMESTAMP
  for (const record of records) {
    const timestamp = options.logAppendTimeMs ?? record.timestamp
    if (timestamp > maxTimestamp) maxTimestamp = timestamp
    const placed = { ...record, offset: record.offset - base, timestamp }
    at = putMessage(messages, at, placed, magic, timestampFlag)
  }
  if (compressionCode === 0) return messages
  const wrapper = {
    offset: records[records.length - 1]!.offset,
    timestamp: maxTimestamp,
    key: null,
    value: legacyCodec(compressionCode, magic).compress(messages),
  }
  const output = Buffer.allocUnsafe(messageBytes(magic, wrapper))
  putMessage(output, 0, wrapper, magic, timestampFlag | compressionCode)
  return output
}

function messageBytes(magic: LegacyMagic, record: LegacyRecord): number {
  return LOG_OVERHEAD + FIXED_BYTES[magic] + (record.key?.length ?? 0) + (record.value?.length ?? 0)
}

function putMessage(
  output: Buffer,
  start: number,
  record: LegacyRecord,
  magic: LegacyMagic,
  attributes: number,
): number {
  const end = start + messageBytes(magic, record)
  output.writeBigInt64BE(BigInt(record.offset), start)
  output.writeInt32BE(end - start - LOG_OVERHEAD, start + 8)
  output[start + 16] = magic
  output[start + 17] = attributes
  let at = start + 18
  if (magic === 1) at = output.writeBigInt64BE(BigInt(record.timestamp), at)
  at = putField(output, at, record.key)
  putField(output, at, record.value)
  output.writeUInt32BE(crc32(output.subarray(start + 16, end)), start + 12)
  return end
}

function putField(output: Buffer, at: number, bytes: Uint8Array | null): number {
  if (bytes === null) return output.writeInt32BE(-1, at)
  output.writeInt32BE(bytes.length, at)
  output.set(bytes, at + 4)
  return at + 4 + bytes.length
}
