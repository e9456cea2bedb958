/** One event of a shard's queue: an operation and whoever waits for its response. */
import { ApiError, type TimerHandle } from '@barnabas/base'
import type { Settler } from './commit-queue.ts'
import type { KeyedTimer } from './keyed-timers.ts'
import type { Outcome, Parked, ShardKinds } from './outcome.ts'
import type { ProducerStamp, TransactionMarker } from './partition-writer.ts'
import type { OperationContext } from './shard.ts'

export interface RequestOptions<K extends ShardKinds> {
  readonly name: string
  /** Null for the end of a transaction, which only replays its marker. */
  readonly operation: ((context: OperationContext) => Outcome<K, unknown | Parked>) | null
  /** How long the response may wait for its records to be committed. */
  readonly timeoutMs?: number
  /** The response may be parked; such operations are refused while too many are. */
  readonly mayPark?: boolean
  readonly producer?: ProducerStamp
  readonly marker?: TransactionMarker
  /** The timer whose firing this is. */
  readonly timer?: KeyedTimer<K['event']>
}

export class Request<K extends ShardKinds> implements Settler {
  readonly options: RequestOptions<K>
  readonly queuedAtMs: number
  settled = false
  /** What the shard calls it; -1 until its turn comes. */
  id = -1
  private readonly onResolve: (response: unknown) => void
  private readonly onReject: (error: ApiError) => void
  private timeout: TimerHandle | null = null

  constructor(
    options: RequestOptions<K>,
    queuedAtMs: number,
    onResolve: (response: unknown) => void,
    onReject: (error: ApiError) => void,
  ) {
    this.options = options
    this.queuedAtMs = queuedAtMs
    this.onResolve = onResolve
    this.onReject = onReject
  }

  /** `schedule` starts the timer that ends the wait for the commit. */
  limitWait(schedule: () => TimerHandle): void {
    if (!this.settled && this.timeout === null) this.timeout = schedule()
  }

  /** From now on the request waits for as long as it takes. */
  waitOn(): void {
    this.timeout?.cancel()
    this.timeout = null
  }

  /** An `ApiError` as response rejects. */
  resolve(response: unknown): void {
    if (response instanceof ApiError) this.reject(response)
    else if (this.settle()) this.onResolve(response)
  }

  reject(error: ApiError): void {
    if (this.settle()) this.onReject(error)
  }

  private settle(): boolean {
    if (this.settled) return false
    this.settled = true
    this.waitOn()
    return true
  }
}
