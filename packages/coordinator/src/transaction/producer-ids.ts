/**
 * Producer ids for all who ask on this broker, from blocks the controller gives to it alone. A new block
 * is asked for before the last one is used up; only when the controller takes longer does anybody wait.
 */
import { ApiError, type Logger, type Timers } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import { ALLOCATION_RETRY_MS, PREFETCH_PRODUCER_IDS_AT, PRODUCER_ID_WAITERS_MAX } from './limits.ts'

export interface ProducerIdBlock {
  readonly firstProducerId: number
  readonly count: number
}

export interface ProducerIdsOptions {
  readonly world: { readonly timers: Timers; readonly log: Logger }
  /** AllocateProducerIds at the controller. */
  allocate(): Promise<ProducerIdBlock>
}

interface Waiter {
  resolve(producerId: number): void
  reject(error: ApiError): void
}

export class ProducerIds {
  private readonly timers: Timers
  private readonly log: Logger
  private readonly allocate: () => Promise<ProducerIdBlock>
  private nextProducerId = 0
  /** The id after the last one of the block. */
  private endProducerId = 0
  private prefetchAt = 0
  private following: ProducerIdBlock | null = null
  private asking = false
  private resting = false
  private waiters: Waiter[] = []

  constructor({ world, allocate }: ProducerIdsOptions) {
    this.timers = world.timers
    this.log = world.log.child('producer-ids')
    this.allocate = allocate
  }

  /** Rejects with COORDINATOR_LOAD_IN_PROGRESS when the controller gives none; the client comes again. */
  claim(): Promise<number> {
    const producerId = this.take()
    if (producerId !== null) return Promise.resolve(producerId)
    if (this.resting || this.waiters.length >= PRODUCER_ID_WAITERS_MAX) {
      return Promise.reject(unavailable())
    }
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject })
      this.ask()
    })
  }

  private take(): number | null {
    if (this.nextProducerId === this.endProducerId) {
      if (this.following === null) return null
      this.begin(this.following)
    }
    const producerId = this.nextProducerId++
    if (producerId >= this.prefetchAt) this.ask()
    return producerId
  }

  private begin({ firstProducerId, count }: ProducerIdBlock): void {
    this.following = null
    this.nextProducerId = firstProducerId
    this.endProducerId = firstProducerId + count
    this.prefetchAt = firstProducerId + Math.floor(count * PREFETCH_PRODUCER_IDS_AT)
  }

  private ask(): void {
    if (this.asking || this.resting || this.following !== null) return
    this.asking = true
    this.allocate().then(
      (block) => this.onBlock(block),
      (error: unknown) => this.onFailure(String(error)),
    )
  }

  private onBlock(block: ProducerIdBlock): void {
    const { firstProducerId, count } = block
    const endProducerId = firstProducerId + count
    if (
      firstProducerId < this.endProducerId ||
      count <= 0 ||
      !Number.isSafeInteger(endProducerId)
    ) {
      return this.onFailure(`the block ${firstProducerId}+${count} cannot be`)
    }
    this.asking = false
    this.following = block
    const { waiters } = this
    this.waiters = []
    for (const waiter of waiters) {
      const producerId = this.take()
      if (producerId === null) this.waiters.push(waiter)
      else waiter.resolve(producerId)
    }
    if (this.waiters.length > 0) this.ask()
  }

  private onFailure(reason: string): void {
    this.log.warn('no block of producer ids', { reason })
    this.asking = false
    this.resting = true
    this.timers.schedule(ALLOCATION_RETRY_MS, () => {
      this.resting = false
    })
    const { waiters } = this
    this.waiters = []
    for (const waiter of waiters) waiter.reject(unavailable())
  }
}

function unavailable(): ApiError {
  return new ApiError(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, 'waiting for producer ids')
}
