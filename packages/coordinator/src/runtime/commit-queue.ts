/**
 * Responses that wait until the records they depend on are committed, in the order of their offsets. Each
 * is settled once: by the commit, by its own timeout, or when the shard goes.
 */
import type { ApiError } from '@barnabas/base'

/** Something that can be answered once. Later answers are ignored. */
export interface Settler {
  readonly settled: boolean
  resolve(response: unknown): void
  reject(error: ApiError): void
}

interface Waiting {
  readonly offset: number
  readonly settler: Settler
  readonly response: unknown
}

export class CommitQueue {
  private waiting: Waiting[] = []
  private head = 0

  get size(): number {
    return this.waiting.length - this.head
  }

  /** Answers at once when `offset` is committed already. Offsets must not descend. */
  add(offset: number, committedOffset: number, settler: Settler, response: unknown): void {
    if (offset <= committedOffset && this.size === 0) settler.resolve(response)
    else this.waiting.push({ offset, settler, response })
  }

  advance(committedOffset: number): void {
    const { waiting } = this
    while (this.head < waiting.length && waiting[this.head]!.offset <= committedOffset) {
      const { settler, response } = waiting[this.head++]!
      settler.resolve(response)
    }
    if (this.head === waiting.length) {
      this.waiting = []
      this.head = 0
    } else if (this.head > 1024 && this.head * 2 > waiting.length) {
      this.waiting = waiting.slice(this.head)
      this.head = 0
    }
  }

  failAll(error: ApiError): void {
    const { waiting, head } = this
    this.waiting = []
    this.head = 0
    for (let n = head; n < waiting.length; n++) waiting[n]!.settler.reject(error)
  }
}
