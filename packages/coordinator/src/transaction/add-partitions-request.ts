/** AddPartitionsToTxn as its versions put it, and what is checked before a coordinator is asked. */
import { ErrorCode, type AddPartitionsToTxnRequest } from '@barnabas/protocol'
import type { PartitionErrors, PartitionsOfProducer } from './add-partitions.ts'
import type { TransactionPartitions } from './transaction.ts'

/** What a client may not add to its transaction; 0 lets it through. */
export interface AddPartitionsChecks {
  transaction(transactionalId: string): number
  partition(topic: string, partition: number): number
}

export interface PartitionsToAdd extends PartitionsOfProducer {
  readonly verifyOnly: boolean
}

/** Before version 4 a request is about one transaction. */
export function partitionsToAdd(
  request: AddPartitionsToTxnRequest,
  apiVersion: number,
): PartitionsToAdd[] {
  if (apiVersion >= 4) {
    return request.transactions.map(({ topics, ...transaction }) => ({
      ...transaction,
      partitions: partitionsOf(topics),
    }))
  }
  return [
    {
      transactionalId: request.v3AndBelowTransactionalId,
      producerId: request.v3AndBelowProducerId,
      producerEpoch: request.v3AndBelowProducerEpoch,
      verifyOnly: false,
      partitions: partitionsOf(request.v3AndBelowTopics),
    },
  ]
}

function partitionsOf(
  topics: readonly { readonly name: string; readonly partitions: readonly number[] }[],
): TransactionPartitions {
  const partitions = new Map<string, Set<number>>()
  for (const { name, partitions: indexes } of topics) {
    partitions.set(name, new Set([...(partitions.get(name) ?? []), ...indexes]))
  }
  return partitions
}

/** All or nothing: with one bad partition the good ones are not added either. */
export function badPartitions(
  partitions: TransactionPartitions,
  checks: AddPartitionsChecks,
): PartitionErrors | null {
  const errors = new Map<string, Map<number, number>>()
  let isBad = false
  for (const [topic, indexes] of partitions) {
    const codes = new Map<number, number>()
    for (const index of indexes) {
      const code = checks.partition(topic, index)
      if (code !== ErrorCode.NONE) isBad = true
      codes.set(index, code === ErrorCode.NONE ? ErrorCode.OPERATION_NOT_ATTEMPTED : code)
    }
    errors.set(topic, codes)
  }
  return isBad ? errors : null
}
