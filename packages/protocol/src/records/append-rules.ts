/** The rules of a topic for what is appended to it, and the verdict on a batch. */
import type { CompressionType } from '../compression/index.ts'
import type { BatchView } from './batch-view.ts'

/** Who writes: what only clients are not trusted with is not checked for the broker's own batches. */
export type AppendOrigin = 'client' | 'coordinator'

export interface AppendRules {
  origin: AppendOrigin
  /** `topic-partition`, for messages. */
  topicPartition: string
  /** Records must have a key. */
  isCompacted: boolean
  timestampType: 'CreateTime' | 'LogAppendTime'
  timestampBeforeMaxMs: number
  timestampAfterMaxMs: number
  /** `producer` keeps what the producer chose. */
  compression: CompressionType | 'producer'
  compressionLevel?: number
  maxMessageBytes: number
  segmentBytes: number
  maxDecompressedBytes?: number
}

/** One bad record of a rejected batch, as the Produce response reports it (KIP-467). */
export interface RecordError {
  batchIndex: number
  message: string
}

export interface AppendRejection {
  accepted: false
  errorCode: number
  message: string
  recordErrors: RecordError[]
}

export interface AcceptedBatch {
  accepted: true
  /** The batch to append: the one given, or one in memory of its own. */
  batch: BatchView
  /** Whether it was built anew, for metrics. */
  rebuilt: boolean
  /** -1 unless the topic has log append time. */
  logAppendTimeMs: number
}

export type AppendValidation = AcceptedBatch | AppendRejection

/** @internal */
export function reject(errorCode: number, message: string): AppendRejection {
  return { accepted: false, errorCode, message, recordErrors: [] }
}
