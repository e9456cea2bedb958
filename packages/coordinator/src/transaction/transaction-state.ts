/**
 * The states of a transaction, as they are stored (by id) and shown (by name).
 *
 *              InitProducerId                    AddPartitionsToTxn
 *   (unknown) ---------------> Empty ------------------------------------> Ongoing
 *      ^                      ^  |                                          |   |
 *      | expired              |  | EndTxn(abort) of nothing, version 2      |   | EndTxn(abort), time-out,
 *      |       InitProducerId |  |                            EndTxn(commit)|   | another InitProducerId
 *      |                      |  v                                          v   v
 *      +---- CompleteCommit, CompleteAbort <---- markers written ---- PrepareCommit, PrepareAbort
 *
 * Once a Prepare state is durable the transaction's outcome stands: whoever coordinates it writes its
 * markers until all are written.
 */

/** The position is the id. Dead and PrepareEpochFence pass only inside of Kafka; they are never stored. */
const NAMES = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
] as const

/** What a filter may name. */
export const TRANSACTION_STATE_NAMES: ReadonlySet<string> = new Set(NAMES)

export type TransactionState = Exclude<(typeof NAMES)[number], 'Dead' | 'PrepareEpochFence'>

export function transactionStateId(state: TransactionState): number {
  return NAMES.indexOf(state)
}

/** Null for ids that are not stored. */
export function transactionStateOf(id: number): TransactionState | null {
  const name = NAMES[id]
  return name === undefined || name === 'Dead' || name === 'PrepareEpochFence' ? null : name
}

/** The outcome stands, the markers are still to be written. */
export function isPrepared(state: TransactionState): boolean {
  return state === 'PrepareCommit' || state === 'PrepareAbort'
}

/** There is nothing to end; only such transactional ids may be forgotten. */
export function isIdle(state: TransactionState): boolean {
  return state === 'Empty' || state === 'CompleteCommit' || state === 'CompleteAbort'
}
