/**
 * What a leader checks and changes in a batch before it appends it, by the rules that clients of Apache
 * Kafka rely on: who may write what, keys on compacted topics, timestamps, sizes, and the topic's
 * compression.
 *
 *   bytes of a Produce request -> checkProducePayload -> batch
 *   batch -> validateForAppend -> the same batch, patched; or one built anew; or a rejection
 *
 * Base offset and leader epoch stand outside the CRC and are assigned later, when the log knows them.
 * Nothing is thrown for bad input: a rejection is a value with the error code of the answer.
 */
import {
  CodecMissingError,
  codecByCode,
  codecByType,
  compressionCodecs,
  DecompressionLimitError,
  MalformedCompressionError,
  MAX_DECOMPRESSED_BATCH_BYTES,
} from '../compression/index.ts'
import { ErrorCode } from '../error-codes.ts'
import {
  type AppendRejection,
  type AppendRules,
  type AppendValidation,
  type RecordError,
  reject,
} from './append-rules.ts'
import { withRecords } from './batch-header.ts'
import { type BatchView, clampInt64 } from './batch-view.ts'
import * as at from './layout.ts'
import { MAX_RECORD_ERRORS, SHOWN_RECORD_ERRORS } from './limits.ts'
import { MalformedRecordError, RecordCursor } from './record-cursor.ts'
import { openRecords } from './record-decode.ts'
import { type RecordScan, scanRecords } from './record-scan.ts'
import { RecordWriter } from './record-writer.ts'

/** Checks a whole batch of magic 2 and makes it what the topic stores. */
export function validateForAppend(
  batch: BatchView,
  rules: AppendRules,
  nowMs: number,
): AppendValidation {
  const rejection = checkEnvelope(batch, rules) ?? checkHeader(batch, rules)
  if (rejection !== null) return rejection
  try {
    return validateRecords(batch, rules, nowMs)
  } catch (error) {
    if (error instanceof MalformedRecordError || error instanceof MalformedCompressionError) {
      return reject(ErrorCode.INVALID_RECORD, error.message)
    }
    if (error instanceof DecompressionLimitError) {
      return reject(ErrorCode.MESSAGE_TOO_LARGE, error.message)
    }
    if (error instanceof CodecMissingError) {
      return reject(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, error.message)
    }
    throw error
  }
}

/** What is checked before a byte of the records is looked at. */
function checkEnvelope(batch: BatchView, rules: AppendRules): AppendRejection | null {
  if (rules.origin === 'client' && batch.baseOffset !== 0) {
    const message = `a batch for ${rules.topicPartition} with base offset ${batch.baseOffset}, not 0`
    return reject(ErrorCode.INVALID_RECORD, message)
  }
  if (batch.sizeBytes > rules.maxMessageBytes) return tooLarge(batch.sizeBytes, rules)
  if (!batch.hasValidCrc()) {
    const found = `CRC ${batch.computeCrc()} instead of the ${batch.crc} it carries`
    return reject(ErrorCode.CORRUPT_MESSAGE, `a batch for ${rules.topicPartition} has ${found}`)
  }
  return null
}

function checkHeader(batch: BatchView, rules: AppendRules): AppendRejection | null {
  const { compressionCode } = batch
  if (compressionCode >= compressionCodecs.length) {
    const message = `compression codec ${compressionCode} is not known`
    return reject(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, message)
  }
  if (rules.origin !== 'client') return null
  const { recordCount, lastOffsetDelta } = batch
  if (recordCount <= 0 || lastOffsetDelta + 1 !== recordCount) {
    const message = `a batch of ${recordCount} records with last offset delta ${lastOffsetDelta}`
    return reject(ErrorCode.INVALID_RECORD, message)
  }
  if (batch.isControl) {
    return reject(ErrorCode.INVALID_RECORD, 'clients may not write control records')
  }
  if (batch.producerId !== at.NO_PRODUCER_ID && batch.baseSequence < 0) {
    const message = `sequence ${batch.baseSequence} of producer ${batch.producerId}`
    return reject(ErrorCode.INVALID_RECORD, message)
  }
  return null
}

function validateRecords(batch: BatchView, rules: AppendRules, nowMs: number): AppendValidation {
  const content = openRecords(batch, rules.maxDecompressedBytes ?? MAX_DECOMPRESSED_BATCH_BYTES)
  const scan = scanRecords(content, batch.recordCount)
  const rejection = checkRecords(batch, content, scan, rules, nowMs)
  if (rejection !== null) return rejection

  const rebuilt = rebuild(batch, content, scan, rules)
  if (rebuilt !== batch && rebuilt.sizeBytes > rules.maxMessageBytes) {
    return tooLarge(rebuilt.sizeBytes, rules)
  }
  if (rebuilt.sizeBytes > rules.segmentBytes) {
    const message = `a batch of ${rebuilt.sizeBytes} bytes does not fit a segment of ${rules.segmentBytes}`
    return reject(ErrorCode.RECORD_LIST_TOO_LARGE, message)
  }
  const logAppendTime = rules.timestampType === 'LogAppendTime'
  if (logAppendTime) rebuilt.stampLogAppendTime(nowMs)
  else {
    const maxTimestamp = clampInt64(batch.baseTimestamp + scan.maxTimestampDelta)
    if (batch.recordCount > 0 && rebuilt.maxTimestamp !== maxTimestamp) {
      rebuilt.stampMaxTimestamp(maxTimestamp)
    }
  }
  return {
    accepted: true,
    batch: rebuilt,
    rebuilt: rebuilt !== batch,
    logAppendTimeMs: logAppendTime ? nowMs : -1,
  }
}

/** Keys and timestamps. The scan tells whether any record can be bad; only then each is looked at. */
function checkRecords(
  batch: BatchView,
  content: Buffer,
  scan: RecordScan,
  rules: AppendRules,
  nowMs: number,
): AppendRejection | null {
  const base = batch.baseTimestamp
  const earliest = nowMs - rules.timestampBeforeMaxMs
  const latest = nowMs + rules.timestampAfterMaxMs
  const createTime = rules.timestampType === 'CreateTime'
  const keysMissing = rules.isCompacted && scan.withoutKey > 0
  const timestampsSuspect =
    createTime &&
    (base + scan.minTimestampDelta < earliest || base + scan.maxTimestampDelta > latest)
  const forgedAppendTime = batch.isLogAppendTime && rules.origin === 'client'
  if (!keysMissing && !timestampsSuspect && !forgedAppendTime) return null

  const errors: RecordError[] = []
  let total = 0
  let timestampErrors = 0
  const cursor = new RecordCursor(content, batch.recordCount)
  for (let index = 0; cursor.next(); index++) {
    const timestamp = clampInt64(base + cursor.timestampDelta)
    let message: string
    if (rules.isCompacted && cursor.keyLength < 0) {
      message = `a compacted topic takes no record without a key (${rules.topicPartition})`
    } else if (forgedAppendTime) {
      timestampErrors++
      message = 'a producer may not set the timestamp type LogAppendTime'
    } else if (
      createTime &&
      timestamp !== at.NO_TIMESTAMP &&
      !(timestamp >= earliest && timestamp <= latest)
    ) {
      timestampErrors++
      message = `timestamp ${timestamp} is not within ${earliest} and ${latest}`
    } else continue
    total++
    if (errors.length < MAX_RECORD_ERRORS) errors.push({ batchIndex: index, message })
  }
  if (total === 0) return null
  return rejectRecords(errors, total, timestampErrors > 0)
}

function rejectRecords(errors: RecordError[], total: number, byTime: boolean): AppendRejection {
  if (byTime) {
    const message = 'records with invalid timestamps were rejected with their batch'
    return {
      accepted: false,
      errorCode: ErrorCode.INVALID_TIMESTAMP,
      message,
      recordErrors: errors,
    }
  }
  const shown = errors.slice(0, SHOWN_RECORD_ERRORS)
  const quoted = shown.map((error) => `record ${error.batchIndex}: ${error.message}`).join('; ')
  const message = `${total} invalid records were rejected with their batch: ${quoted}`
  return { accepted: false, errorCode: ErrorCode.INVALID_RECORD, message, recordErrors: errors }
}

/**
 * The batch as the topic stores it: itself when codec and offsets are right already. Records are encoded
 * again only when their offsets are not 0, 1, 2, ...; else their bytes are compressed anew as they are.
 */
function rebuild(
  batch: BatchView,
  content: Buffer,
  scan: RecordScan,
  rules: AppendRules,
): BatchView {
  const source = codecByCode(batch.compressionCode)
  // Control records stay as the broker wrote them.
  const wanted = batch.isControl ? 'producer' : rules.compression
  const target = wanted === 'producer' ? source : codecByType(wanted)
  const sequential = scan.sequential || rules.origin !== 'client'
  if (target === source && sequential) return batch
  const records = sequential ? content : renumbered(batch, content)
  // A producer's own level is not known, its codec's default is the best guess.
  const level = wanted === 'producer' ? undefined : rules.compressionLevel
  return withRecords(batch, target.code, target.compress(records, level))
}

/** The records with offset deltas 0, 1, 2, ..., as some old clients failed to write them. */
function renumbered(batch: BatchView, content: Buffer): Buffer {
  const writer = new RecordWriter(content.length + batch.recordCount * 4 + 64)
  const cursor = new RecordCursor(content, batch.recordCount)
  for (let index = 0; cursor.next(); index++) {
    const headers = cursor.headerCount === 0 ? [] : cursor.headers()
    writer.append(index, cursor.timestampDelta, cursor.key(), cursor.value(), headers)
  }
  return writer.records
}

function tooLarge(sizeBytes: number, rules: AppendRules): AppendRejection {
  const message = `a batch of ${sizeBytes} bytes for ${rules.topicPartition}, which takes ${rules.maxMessageBytes}`
  return reject(ErrorCode.MESSAGE_TOO_LARGE, message)
}
