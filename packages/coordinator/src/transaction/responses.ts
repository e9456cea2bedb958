/**
 * What clients of each version get to hear. Before `PRODUCER_FENCED` there was only
 * `INVALID_PRODUCER_EPOCH`.
 */
import {
  createAddPartitionsToTxnResponse,
  createAddPartitionsToTxnResponseAddPartitionsToTxnPartitionResult,
  createAddPartitionsToTxnResponseAddPartitionsToTxnResult,
  createAddPartitionsToTxnResponseAddPartitionsToTxnTopicResult,
  ErrorCode,
  type AddPartitionsToTxnResponse,
  type AddPartitionsToTxnResponseAddPartitionsToTxnTopicResult,
} from '@barnabas/protocol'
import type { PartitionErrors } from './add-partitions.ts'
import type { TransactionPartitions } from './transaction.ts'

/** Versions from which on a request's clients know `PRODUCER_FENCED`. */
export const KNOWS_FENCED_SINCE = {
  initProducerId: 4,
  addPartitionsToTxn: 2,
  addOffsetsToTxn: 2,
  endTxn: 2,
} as const

export function errorCodeFor(
  errorCode: number,
  api: keyof typeof KNOWS_FENCED_SINCE,
  apiVersion: number,
): number {
  const isKnown = apiVersion >= KNOWS_FENCED_SINCE[api]
  return errorCode === ErrorCode.PRODUCER_FENCED && !isKnown
    ? ErrorCode.INVALID_PRODUCER_EPOCH
    : errorCode
}

/** The same code for all. */
export function allPartitions(
  partitions: TransactionPartitions,
  errorCode: number,
): PartitionErrors {
  const errors = new Map<string, Map<number, number>>()
  for (const [topic, indexes] of partitions) {
    errors.set(topic, new Map(Array.from(indexes, (index) => [index, errorCode])))
  }
  return errors
}

export interface TransactionResult {
  readonly transactionalId: string
  readonly errors: PartitionErrors
}

export function addPartitionsResponse(
  results: readonly TransactionResult[],
  apiVersion: number,
): AddPartitionsToTxnResponse {
  if (apiVersion < 4) {
    const resultsByTopicV3AndBelow = results.flatMap(({ errors }) => topicResults(errors))
    return createAddPartitionsToTxnResponse({ resultsByTopicV3AndBelow })
  }
  const resultsByTransaction = results.map(({ transactionalId, errors }) =>
    createAddPartitionsToTxnResponseAddPartitionsToTxnResult({
      transactionalId,
      topicResults: topicResults(errors),
    }),
  )
  return createAddPartitionsToTxnResponse({ resultsByTransaction })
}

function topicResults(
  errors: PartitionErrors,
): AddPartitionsToTxnResponseAddPartitionsToTxnTopicResult[] {
  return Array.from(errors, ([name, codes]) =>
    createAddPartitionsToTxnResponseAddPartitionsToTxnTopicResult({
      name,
      resultsByPartition: Array.from(codes, ([partitionIndex, partitionErrorCode]) =>
        createAddPartitionsToTxnResponseAddPartitionsToTxnPartitionResult({
          partitionIndex,
          partitionErrorCode,
        }),
      ),
    }),
  )
}
