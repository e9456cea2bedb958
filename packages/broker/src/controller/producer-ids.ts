/**
 * Producer ids for this broker's producers, taken from blocks that the controller gives out. The next
 * block is asked for when most of the present one is used, so that producers seldom wait.
 */
import { ApiError, type Awaitable } from '@barnabas/base'
import { allocateProducerIds } from '@barnabas/metadata'
import { AllocateProducerIdsRequest, ErrorCode } from '@barnabas/protocol'
import type { ControllerPort } from './controller-port.ts'

/** Part of a block after which the next one is fetched. */
const PREFETCH_FRACTION = 0.9

interface Block {
  next: number
  readonly start: number
  readonly end: number
}

export class ProducerIds {
  private readonly controller: ControllerPort
  private readonly broker: { readonly nodeId: number; brokerEpoch(): number }
  private block: Block | null = null
  private following: Block | null = null
  private fetching: Promise<void> | null = null

  constructor(
    controller: ControllerPort,
    broker: { readonly nodeId: number; brokerEpoch(): number },
  ) {
    this.controller = controller
    this.broker = broker
  }

  /** An id that no other producer has or had. */
  next(): Awaitable<number> {
    const block = this.usable()
    if (block === null) return this.fetch().then(() => this.next())
    const id = block.next++
    const used = (block.next - block.start) / (block.end - block.start)
    if (used >= PREFETCH_FRACTION && this.following === null) this.fetch().catch(() => {})
    return id
  }

  private usable(): Block | null {
    if (this.block !== null && this.block.next < this.block.end) return this.block
    this.block = this.following
    this.following = null
    return this.block
  }

  private fetch(): Promise<void> {
    this.fetching ??= this.fetchBlock().finally(() => {
      this.fetching = null
    })
    return this.fetching
  }

  private async fetchBlock(): Promise<void> {
    const request = AllocateProducerIdsRequest.create({
      brokerId: this.broker.nodeId,
      brokerEpoch: this.broker.brokerEpoch(),
    })
    const answer = await this.controller.run('allocateProducerIds', (context) =>
      allocateProducerIds(context, request),
    )
    if (answer.errorCode !== ErrorCode.NONE) throw new ApiError(answer.errorCode)
    const { producerIdStart: start, producerIdLen } = answer
    this.following = { next: start, start, end: start + producerIdLen }
  }
}
