/**
 * What shards of transactions ask to be done: producer ids from the controller, markers at the leaders of
 * partitions.
 *
 * A marker may only be written once the outcome it tells is committed. The runtime starts tasks as soon
 * as this broker's log has their records:
 *
 *   1. PrepareCommit is appended here and the marker written to partition A.
 *   2. This broker is gone before any other has PrepareCommit; the next coordinator finds the transaction
 *      open, its time runs out, it writes abort markers.
 *   3. A says committed, B aborted.
 *
 * So every task of that kind first waits until all that was appended before it is committed.
 */
import { ApiError, type Timers } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import { COMMIT_WAIT_RETRY_MS } from './limits.ts'
import type { MarkerSender } from './marker-sender.ts'
import type { ProducerIds } from './producer-ids.ts'
import type {
  Continuation,
  TransactionEvent,
  TransactionTask,
  WriteMarkersTask,
} from './transaction-kinds.ts'

export interface TransactionTasksOptions {
  readonly timers: Timers
  readonly producerIds: ProducerIds
  readonly markers: MarkerSender
  /** Resolves once all that a shard has appended so far is committed; rejects with `ApiError`. */
  committed(partition: number): Promise<void>
}

export class TransactionTasks {
  private readonly options: TransactionTasksOptions

  constructor(options: TransactionTasksOptions) {
    this.options = options
  }

  /** Never rejects; never resolves when there is no shard left that could be told. */
  run(partition: number, epoch: number, task: TransactionTask): Promise<TransactionEvent> {
    return task.kind === 'claimProducerId'
      ? this.claimProducerId(task.continuation)
      : this.writeMarkers(partition, epoch, task)
  }

  private async claimProducerId(continuation: Continuation): Promise<TransactionEvent> {
    try {
      const producerId = await this.options.producerIds.claim()
      return { kind: 'producerIdClaimed', producerId, continuation }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      return { kind: 'producerIdRefused', errorCode: error.errorCode, continuation }
    }
  }

  private async writeMarkers(
    partition: number,
    epoch: number,
    task: WriteMarkersTask,
  ): Promise<TransactionEvent> {
    const isHere = await this.committed(partition)
    // Whoever coordinates the transaction now writes the markers.
    if (!isHere) return new Promise(() => {})
    return new Promise((resolve) => {
      const { transactionalId, producerId, producerEpoch } = task
      this.options.markers.write(task, partition, epoch, () => {
        resolve({ kind: 'markersWritten', transactionalId, producerId, producerEpoch })
      })
    })
  }

  /** False when the shard goes before. */
  private async committed(partition: number): Promise<boolean> {
    for (;;) {
      try {
        await this.options.committed(partition)
        return true
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        if (error.errorCode !== ErrorCode.COORDINATOR_NOT_AVAILABLE) return false
        await this.pause(COMMIT_WAIT_RETRY_MS)
      }
    }
  }

  private pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => this.options.timers.schedule(durationMs, resolve))
  }
}
