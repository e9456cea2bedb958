/** What happens to transactional ids by themselves: time-outs and expiry. */
import { fenceAndAbort } from './end-transaction.ts'
import { EXPIRED_PER_EVENT_MAX } from './limits.ts'
import { forgetTransaction } from './store.ts'
import { NEEDS_PRODUCER_ID, type TransactionTurn } from './transaction-kinds.ts'
import { isIdle } from './transaction-state.ts'
import { hasTimedOut } from './transaction.ts'

export const TIMEOUTS_TIMER = 'timeouts'
export const EXPIRY_TIMER = 'expiry'

export function watchTimeouts({ out, config }: TransactionTurn): void {
  out.arm(TIMEOUTS_TIMER, config.abortTimedOutIntervalMs, { kind: 'lookForTimeouts' })
}

export function watchExpiry({ out, config }: TransactionTurn): void {
  out.arm(EXPIRY_TIMER, config.removeExpiredIntervalMs, { kind: 'lookForExpired' })
}

export function lookForTimeouts(turn: TransactionTurn): void {
  // One transaction that does not fit must not keep the others from ending.
  turn.out.atomic = false
  for (const transactionalId of turn.transactions.openIds()) abortTimedOut(turn, transactionalId)
  watchTimeouts(turn)
}

/** Aborts the transaction if its time is up, in a later turn when that needs a producer id first. */
export function abortTimedOut(turn: TransactionTurn, transactionalId: string): void {
  const transaction = turn.transactions.get(transactionalId)
  if (transaction === undefined || !hasTimedOut(transaction, turn.nowMs)) return
  if (fenceAndAbort(turn, transactionalId, transaction) === NEEDS_PRODUCER_ID) {
    const continuation = { kind: 'abortTimedOut', transactionalId } as const
    turn.out.task({ kind: 'claimProducerId', continuation })
  }
}

export function lookForExpired(turn: TransactionTurn): void {
  const { transactions, config, nowMs, out } = turn
  out.atomic = false
  const expiredMs = nowMs - config.transactionalIdExpirationMs
  let count = 0
  for (const [transactionalId, { state, lastUpdateTimestampMs }] of transactions.entries()) {
    if (!isIdle(state) || lastUpdateTimestampMs > expiredMs) continue
    if (count++ === EXPIRED_PER_EVENT_MAX) {
      out.arm(EXPIRY_TIMER, 0, { kind: 'lookForExpired' })
      return
    }
    forgetTransaction(turn, transactionalId)
  }
  watchExpiry(turn)
}
