/**
 * The aborted transactions that ended in one segment, 34 bytes each, in the order of their markers. A
 * read_committed fetch is told of those that overlap what it returns; the last stable offset that each
 * entry carries says when the search may stop.
 */
import { CorruptFileError } from '../errors.ts'
import { asBuffer, getInt64, putInt64 } from '../bytes.ts'

export const TRANSACTION_INDEX_ENTRY_BYTES = 34
const VERSION = 0

export interface AbortedTransaction {
  producerId: number
  firstOffset: number
  /** Offset of the abort marker. */
  lastOffset: number
  /** First offset still undecided when the marker was written. */
  lastStableOffset: number
}

export class TransactionIndex {
  readonly baseOffset: number
  readonly transactions: AbortedTransaction[] = []

  constructor(baseOffset: number) {
    this.baseOffset = baseOffset
  }

  /** From a file's content, which is checked: the caller rebuilds what raises `CorruptFileError`. */
  static load(path: string, baseOffset: number, content: Uint8Array): TransactionIndex {
    const index = new TransactionIndex(baseOffset)
    const bytes = asBuffer(content)
    if (bytes.length % TRANSACTION_INDEX_ENTRY_BYTES !== 0) {
      throw new CorruptFileError(path, `${bytes.length} bytes are no whole entries`)
    }
    for (let at = 0; at < bytes.length; at += TRANSACTION_INDEX_ENTRY_BYTES) {
      const version = bytes.readInt16BE(at)
      if (version < VERSION) throw new CorruptFileError(path, `an entry of version ${version}`)
      const transaction = {
        producerId: getInt64(bytes, at + 2),
        firstOffset: getInt64(bytes, at + 10),
        lastOffset: getInt64(bytes, at + 18),
        lastStableOffset: getInt64(bytes, at + 26),
      }
      if (transaction.lastOffset < baseOffset || transaction.lastOffset <= index.lastOffset) {
        throw new CorruptFileError(path, `last offset ${transaction.lastOffset} out of order`)
      }
      index.transactions.push(transaction)
    }
    return index
  }

  get bytes(): Buffer {
    const bytes = Buffer.alloc(this.transactions.length * TRANSACTION_INDEX_ENTRY_BYTES)
    let at = 0
    for (const transaction of this.transactions) {
      bytes.writeInt16BE(VERSION, at)
      putInt64(bytes, at + 2, transaction.producerId)
      putInt64(bytes, at + 10, transaction.firstOffset)
      putInt64(bytes, at + 18, transaction.lastOffset)
      putInt64(bytes, at + 26, transaction.lastStableOffset)
      at += TRANSACTION_INDEX_ENTRY_BYTES
    }
    return bytes
  }

  append(transaction: AbortedTransaction): void {
    this.transactions.push(transaction)
  }

  /**
   * Adds to `into` the aborted transactions that overlap [from, to). True when no later segment can have
   * more of them.
   */
  collect(from: number, to: number, into: AbortedTransaction[]): boolean {
    for (const transaction of this.transactions) {
      if (transaction.lastOffset >= from && transaction.firstOffset < to) into.push(transaction)
      if (transaction.lastStableOffset >= to) return true
    }
    return false
  }

  /** Drops the transactions that ended at `offset` or later. */
  truncateTo(offset: number): void {
    const { transactions } = this
    let { length } = transactions
    while (length > 0 && transactions[length - 1]!.lastOffset >= offset) length--
    transactions.length = length
  }

  private get lastOffset(): number {
    return this.transactions.at(-1)?.lastOffset ?? -1
  }
}
