/**
 * What an operation of the controller decided: records to append and the response to give once they are
 * committed. Data only; nothing has happened yet. The records of one outcome go into one batch.
 */
import { ApiError } from '@barnabas/base'
import { ErrorCode, errorOf } from '@barnabas/protocol'
import type { MetadataRecord } from '../records/metadata-record.ts'
import { MAX_RECORDS_PER_REQUEST } from './limits.ts'

export interface Outcome<T> {
  readonly records: readonly MetadataRecord[]
  readonly response: T
}

/** Error code and message of one part of a response. */
export interface PartError {
  readonly errorCode: number
  readonly errorMessage: string | null
}

export const NO_ERROR: PartError = { errorCode: ErrorCode.NONE, errorMessage: null }

/** An error with the message given, or the one that goes with its code. */
export function apiError(errorCode: number, message?: string): ApiError {
  return new ApiError(errorCode, message ?? errorOf(errorCode).message)
}

/**
 * Runs one part of a request. What it foresees as an error becomes that part's error; the records it
 * added by then are taken back, so that a refused part leaves no trace.
 */
export function partOf(records: MetadataRecord[], run: () => void): PartError {
  const before = records.length
  try {
    run()
    return NO_ERROR
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    records.length = before
    return { errorCode: error.errorCode, errorMessage: error.message }
  }
}

/** Throws POLICY_VIOLATION when a user's request would need more records than one batch may have. */
export function checkRecordCount(records: readonly MetadataRecord[]): void {
  if (records.length <= MAX_RECORDS_PER_REQUEST) return
  throw apiError(
    ErrorCode.POLICY_VIOLATION,
    `This request needs ${records.length} metadata records; ${MAX_RECORDS_PER_REQUEST} are allowed at a time, split it`,
  )
}
