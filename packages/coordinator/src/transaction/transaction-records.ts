/** The records of `__transaction_state`: a transactional id and all that is known of it. */
import { TransactionLogKey, TransactionLogValue } from '@barnabas/protocol'
import type { RecordCodec } from '../runtime/partition-writer.ts'
import {
  createRecordCodec,
  type RecordKind,
  type RecordKinds,
  type RecordOf,
} from '../runtime/record-kinds.ts'

function recordKinds(valueVersion: () => number) {
  return {
    transaction: {
      key: TransactionLogKey,
      value: TransactionLogValue,
      valueVersion,
    } satisfies RecordKind<TransactionLogKey, TransactionLogValue>,
  } satisfies RecordKinds
}

export type TransactionRecord = RecordOf<ReturnType<typeof recordKinds>>

/** The value's version at a level of the feature `transaction.version`. */
export function transactionValueVersion(transactionVersion: number): number {
  return transactionVersion >= 1 ? 1 : 0
}

export function createTransactionRecordCodec(
  transactionVersion: () => number,
): RecordCodec<TransactionRecord> {
  const codec = createRecordCodec(recordKinds(() => transactionValueVersion(transactionVersion())))
  return {
    encode: (record) => codec.encode(record),
    /** A value of a later version is what a downgrade has left behind; it is skipped. */
    decode: (key, value) =>
      value !== null && isOfLaterVersion(value) ? null : codec.decode(key, value),
  }
}

function isOfLaterVersion(value: Uint8Array): boolean {
  if (value.length < 2) return true
  const version = (value[0]! << 8) | value[1]!
  return version > TransactionLogValue.maxVersion
}
