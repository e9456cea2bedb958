/**
 * Between the formats: old messages become record batches when a log is taken over, record batches become
 * messages for a client that knows nothing newer. Going down loses what the old format cannot say:
 * headers, producer fields, and control records altogether.
 */
import { ApiError } from '@barnabas/base'
import { compressionCodecs } from '../compression/index.ts'
import { ErrorCode } from '../error-codes.ts'
import { BatchBuilder } from './batch-builder.ts'
import { BatchView } from './batch-view.ts'
import { LegacyMessage } from './legacy-message.ts'
import { type LegacyMagic, type LegacyRecord, writeLegacySet } from './legacy-writer.ts'
import { UP_CONVERTED_BATCH_BYTES } from './limits.ts'
import { MalformedRecordError } from './record-cursor.ts'
import type { DecodedRecord } from './record-decode.ts'
import { decodeStoredRecords, type StoredBatch } from './stored-batches.ts'

const ZSTD_CODE = 4

/**
 * The same records as record batches: each wrapper becomes a batch of its codec, messages that stand
 * alone are gathered. Batches that are there already come through as they are. Offsets stay.
 */
export function upConvert(entries: readonly StoredBatch[], partitionLeaderEpoch = -1): BatchView[] {
  const batches: BatchView[] = []
  let gathered: DecodedRecord[] = []
  let gatheredBytes = 0
  let last: LegacyMessage | null = null
  const flush = () => {
    if (last !== null) batches.push(batchOf(gathered, last, partitionLeaderEpoch))
    gathered = []
    gatheredBytes = 0
    last = null
  }
  for (const entry of entries) {
    if (entry instanceof BatchView) {
      flush()
      batches.push(entry)
      continue
    }
    const alone = entry.compressionCode === 0
    if (last !== null && !(alone && mayJoin(last, entry, gathered, gatheredBytes))) flush()
    for (const record of decodeStoredRecords(entry)) gathered.push(record)
    gatheredBytes += entry.sizeBytes
    last = entry
    if (!alone) flush()
  }
  flush()
  return batches
}

/** Whether a lone message may stand in the batch of those before it. */
function mayJoin(
  last: LegacyMessage,
  next: LegacyMessage,
  gathered: readonly DecodedRecord[],
  gatheredBytes: number,
): boolean {
  const sameTime = last.isLogAppendTime === next.isLogAppendTime
  const delta = next.offset - gathered[0]!.offset
  return (
    sameTime &&
    (!last.isLogAppendTime || last.timestamp === next.timestamp) &&
    next.offset > last.offset &&
    delta <= 0x7fffffff &&
    gatheredBytes + next.sizeBytes <= UP_CONVERTED_BATCH_BYTES
  )
}

function batchOf(
  records: readonly DecodedRecord[],
  source: LegacyMessage,
  partitionLeaderEpoch: number,
): BatchView {
  const baseOffset = records[0]!.offset
  const builder = new BatchBuilder({
    baseOffset,
    partitionLeaderEpoch,
    compression: compressionCodecs[source.compressionCode]!.type,
    ...(source.isLogAppendTime ? { logAppendTimeMs: source.timestamp } : {}),
  })
  let delta = -1
  for (const record of records) {
    const next = record.offset - baseOffset
    if (next <= delta) throw new MalformedRecordError('messages whose offsets do not rise')
    delta = next
    builder.appendAt(delta, record.timestamp, record.key, record.value)
  }
  return builder.build()
}

/**
 * The same records as messages of `magic`, from `fromOffset` on, in one run of bytes. Entries that are
 * old enough come through as they are. zstd is refused with UNSUPPORTED_COMPRESSION_TYPE.
 */
export function downConvert(
  entries: readonly StoredBatch[],
  magic: LegacyMagic,
  fromOffset = 0,
): Buffer {
  const parts: Buffer[] = []
  for (const entry of entries) {
    if (entry.magic <= magic) {
      parts.push(entry.bytes)
      continue
    }
    if (entry instanceof BatchView && entry.isControl) continue
    if (entry.compressionCode === ZSTD_CODE) {
      const message = `zstd has no place in messages of magic ${magic}`
      throw new ApiError(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, message)
    }
    const records: LegacyRecord[] = decodeStoredRecords(entry).filter((r) => r.offset >= fromOffset)
    const logAppendTimeMs = entry.isLogAppendTime ? timestampOf(entry) : null
    const { compressionCode } = entry
    parts.push(writeLegacySet(records, { magic, compressionCode, logAppendTimeMs }))
  }
  return Buffer.concat(parts)
}

function timestampOf(entry: StoredBatch): number {
  return entry instanceof BatchView ? entry.maxTimestamp : entry.timestamp
}
