/**
 * The records of a Produce request, before anything of a topic is known: from version 3 on exactly one
 * batch of magic 2. Nothing is thrown for bad input.
 */
import { ErrorCode } from '../error-codes.ts'
import { type AppendRejection, reject } from './append-rules.ts'
import { BatchView } from './batch-view.ts'
import * as at from './layout.ts'

/** The lowest size the length field may announce: that of the shortest message of old. */
const MIN_ANNOUNCED_BYTES = 14
/** Bytes up to and with the magic, which says how to go on. */
const UP_TO_MAGIC_BYTES = 17
const FIRST_PRODUCE_VERSION_WITH_ZSTD = 7
const ZSTD_CODE = 4

/**
 * The one batch in the records of a Produce request (version 3 and later). Bytes of a cut batch behind
 * it are left out.
 */
export function checkProducePayload(
  records: Buffer | null,
  apiVersion: number,
): BatchView | AppendRejection {
  const first = batchAt(records, 0)
  if (first === null) {
    return reject(ErrorCode.INVALID_RECORD, 'a Produce request needs a record batch per partition')
  }
  if (!(first instanceof BatchView)) return first
  if (apiVersion < FIRST_PRODUCE_VERSION_WITH_ZSTD && first.compressionCode === ZSTD_CODE) {
    const message = `zstd needs version ${FIRST_PRODUCE_VERSION_WITH_ZSTD} of Produce requests`
    return reject(ErrorCode.UNSUPPORTED_COMPRESSION_TYPE, message)
  }
  const second = batchAt(records, first.sizeBytes)
  if (second !== null) {
    if (!(second instanceof BatchView) && second.errorCode === ErrorCode.CORRUPT_MESSAGE)
      return second
    return reject(
      ErrorCode.INVALID_RECORD,
      'a Produce request takes one record batch per partition',
    )
  }
  return first
}

/** The whole batch at `position`, null when there is none or only a part of one. */
function batchAt(records: Buffer | null, position: number): BatchView | AppendRejection | null {
  if (records === null) return null
  const left = records.length - position
  if (left < at.LOG_OVERHEAD_BYTES) return null
  const announced = records.readInt32BE(position + at.BATCH_LENGTH_AT)
  if (announced < MIN_ANNOUNCED_BYTES) {
    return reject(ErrorCode.CORRUPT_MESSAGE, `a record batch of ${announced} bytes`)
  }
  if (left < UP_TO_MAGIC_BYTES) return null
  const batch = new BatchView(records, position)
  const { magic } = batch
  if (magic < 0 || magic > at.MAGIC_V2) {
    return reject(ErrorCode.CORRUPT_MESSAGE, `a record batch of magic ${magic}`)
  }
  if (batch.sizeBytes > left) return null
  if (magic < at.MAGIC_V2) {
    return reject(ErrorCode.INVALID_RECORD, `a record batch of magic ${magic} instead of 2`)
  }
  if (batch.sizeBytes < at.BATCH_HEADER_BYTES) {
    return reject(ErrorCode.CORRUPT_MESSAGE, `a record batch of ${batch.sizeBytes} bytes`)
  }
  return batch
}
