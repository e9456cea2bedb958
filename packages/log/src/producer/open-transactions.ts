/**
 * The transactions that hold the last stable offset back: those still open, and those whose marker is
 * written but not yet below the high watermark (a new leader might not have it).
 */
import type { CompletedTransaction } from './producer-append.ts'

interface Unreplicated {
  firstOffset: number
  lastOffset: number
}

export class OpenTransactions {
  /** First offset -> producer; transactions begin at growing offsets, so this is in order. */
  private readonly open = new Map<number, number>()
  /** In order of first offsets. */
  private readonly unreplicated: Unreplicated[] = []

  begin(firstOffset: number, producerId: number): void {
    this.open.set(firstOffset, producerId)
  }

  /** What the last stable offset is once `completed` is no longer open. */
  lastStableOffsetAfter(completed: CompletedTransaction): number {
    for (const firstOffset of this.open.keys()) {
      if (firstOffset !== completed.firstOffset) return firstOffset
    }
    return completed.lastOffset + 1
  }

  complete(completed: CompletedTransaction): void {
    const { firstOffset, lastOffset } = completed
    this.open.delete(firstOffset)
    const list = this.unreplicated
    let at = list.length
    while (at > 0 && list[at - 1]!.firstOffset > firstOffset) at--
    list.splice(at, 0, { firstOffset, lastOffset })
  }

  /** Forgets completed transactions whose marker lies before `offset`. */
  onReplicatedTo(offset: number): void {
    const list = this.unreplicated
    let kept = 0
    for (const one of list) if (one.lastOffset >= offset) list[kept++] = one
    list.length = kept
  }

  /** First offset of the first transaction that is not settled, null when all are. */
  get firstUnstableOffset(): number | null {
    const unreplicated = this.unreplicated[0]?.firstOffset ?? null
    for (const open of this.open.keys()) {
      return unreplicated === null || open < unreplicated ? open : unreplicated
    }
    return unreplicated
  }

  get openCount(): number {
    return this.open.size
  }

  clear(): void {
    this.open.clear()
    this.unreplicated.length = 0
  }
}
