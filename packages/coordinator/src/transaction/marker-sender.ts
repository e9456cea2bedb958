/** Sends the markers of a `MarkerQueue` until all are written. */
import type { Logger, Timers } from '@barnabas/base'
import type { WriteTxnMarkersRequest, WriteTxnMarkersResponse } from '@barnabas/protocol'
import { MARKERS_RETRY_MS } from './limits.ts'
import { MarkerQueue, MarkerWork, type LeaderOf } from './marker-queue.ts'
import type { WriteMarkersTask } from './transaction-kinds.ts'

export interface MarkerSenderOptions {
  readonly world: { readonly timers: Timers; readonly log: Logger }
  readonly leaderOf: LeaderOf
  send(brokerId: number, request: WriteTxnMarkersRequest): Promise<WriteTxnMarkersResponse>
}

interface Pending {
  readonly work: MarkerWork
  readonly onWritten: () => void
}

export class MarkerSender {
  private readonly options: MarkerSenderOptions
  private readonly log: Logger
  private readonly queue = new MarkerQueue()
  /** By transactional id, of which only the newest end counts. */
  private readonly pending = new Map<string, Pending>()
  private waking = false

  constructor(options: MarkerSenderOptions) {
    this.options = options
    this.log = options.world.log.child('transaction-markers')
  }

  /** Transactions whose markers are being written. */
  get pendingCount(): number {
    return this.pending.size
  }

  /** Calls back when all markers are written; never when the work is abandoned. */
  write(task: WriteMarkersTask, partition: number, epoch: number, onWritten: () => void): void {
    const { transactionalId } = task
    // The same shard was loaded again. A marker written twice could end the transaction after this one.
    const older = this.pending.get(transactionalId)
    if (older !== undefined) older.work.abandoned = true
    const work = new MarkerWork(task, partition, epoch)
    this.pending.set(transactionalId, { work, onWritten })
    this.queue.add(work)
    this.pump()
  }

  /** This broker does not coordinate in these epochs any more; whoever does writes the markers anew. */
  abandon(coordinatorPartition: number, lastEpoch: number): void {
    for (const { work } of this.pending.values()) {
      if (work.coordinatorPartition !== coordinatorPartition) continue
      if (work.coordinatorEpoch <= lastEpoch) work.abandoned = true
    }
    this.forgetAbandoned()
  }

  /** Leaders may have changed. */
  onMetadata(): void {
    this.queue.wake()
    this.pump()
  }

  private pump(): void {
    const { queue, options, pending } = this
    queue.assign(options.leaderOf)
    for (const brokerId of queue.ready()) {
      const request = queue.take(brokerId)
      if (request !== null) this.send(brokerId, request)
    }
    for (const work of queue.takeFinished()) {
      const { transactionalId } = work.task
      const done = pending.get(transactionalId)
      if (done === undefined || done.work !== work) continue
      pending.delete(transactionalId)
      done.onWritten()
    }
    this.restAWhile()
  }

  private send(brokerId: number, request: WriteTxnMarkersRequest): void {
    this.options.send(brokerId, request).then(
      (response) => {
        this.queue.onResponse(brokerId, response)
        this.forgetAbandoned()
        this.pump()
      },
      (error: unknown) => {
        this.log.debug('markers not sent', { brokerId, error: String(error) })
        this.queue.onFailure(brokerId)
        this.pump()
      },
    )
  }

  private restAWhile(): void {
    if (this.waking || !this.queue.isResting) return
    this.waking = true
    this.options.world.timers.schedule(MARKERS_RETRY_MS, () => {
      this.waking = false
      this.queue.wake()
      this.pump()
    })
  }

  private forgetAbandoned(): void {
    for (const [transactionalId, { work }] of this.pending) {
      if (!work.abandoned) continue
      this.pending.delete(transactionalId)
      const { producerEpoch } = work.task
      this.log.info('markers abandoned', { transactionalId, producerEpoch })
    }
  }
}
