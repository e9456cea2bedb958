/**
 * Which leader epoch wrote which part of a log: the first offset of every epoch, in order. A follower
 * that comes back asks its leader where an epoch ended, and cuts off what went another way (KIP-101,
 * KIP-279). Pure; the owner stores `entries` in `leader-epoch-checkpoint` whenever a method says that
 * something changed.
 */
import { assert } from '@barnabas/base'
import type { BatchView } from '@barnabas/protocol'
import type { EpochStart } from './files/leader-epoch-checkpoint.ts'

export const UNDEFINED_EPOCH = -1
export const UNDEFINED_EPOCH_OFFSET = -1

export interface EpochEndOffset {
  epoch: number
  endOffset: number
}

export class LeaderEpochs {
  private list: EpochStart[]

  /** Entries may come from a file in any order; those that go back are dropped as `assign` would. */
  constructor(entries: readonly EpochStart[] = []) {
    this.list = []
    for (const { epoch, startOffset } of entries) this.assign(epoch, startOffset)
  }

  get entries(): readonly EpochStart[] {
    return this.list
  }

  /** -1 when no epoch is known. */
  get latestEpoch(): number {
    return this.list.at(-1)?.epoch ?? UNDEFINED_EPOCH
  }

  /** Null when no epoch is known. */
  get earliest(): EpochStart | null {
    return this.list[0] ?? null
  }

  /** The epoch before the latest, -1 when there is none. */
  get previousEpoch(): number {
    return this.list.at(-2)?.epoch ?? UNDEFINED_EPOCH
  }

  /**
   * Notes that `epoch` starts at `startOffset`. What contradicts it (later epochs, or later starts) goes:
   * the newer knowledge wins. True when something changed.
   */
  assign(epoch: number, startOffset: number): boolean {
    assert(epoch >= 0 && startOffset >= 0, `epoch ${epoch} starting at ${startOffset}`)
    const latest = this.list.at(-1)
    if (latest !== undefined && epoch === latest.epoch && startOffset >= latest.startOffset) {
      return false
    }
    let { length } = this.list
    while (length > 0) {
      const entry = this.list[length - 1]!
      if (entry.epoch < epoch && entry.startOffset < startOffset) break
      length--
    }
    this.list.length = length
    this.list.push({ epoch, startOffset })
    return true
  }

  /** Notes the epochs that stand in appended batches. True when something changed. */
  assignAll(batches: readonly BatchView[]): boolean {
    let hasChanged = false
    for (const batch of batches) {
      const epoch = batch.partitionLeaderEpoch
      if (epoch < 0 || epoch === this.latestEpoch) continue
      hasChanged = this.assign(epoch, batch.baseOffset) || hasChanged
    }
    return hasChanged
  }

  /**
   * Where the largest epoch that is at most `epoch` ended. An epoch before the first known one answers
   * with the first known start: what lies before it is gone, and a follower must begin there.
   */
  endOffsetFor(epoch: number, logEndOffset: number): EpochEndOffset {
    if (epoch === UNDEFINED_EPOCH || this.list.length === 0) return UNDEFINED
    if (epoch === this.latestEpoch) return { epoch, endOffset: logEndOffset }
    const next = this.above(epoch)
    if (next === this.list.length) return UNDEFINED
    const endOffset = this.list[next]!.startOffset
    return { epoch: next === 0 ? epoch : this.list[next - 1]!.epoch, endOffset }
  }

  /** The epoch that wrote `offset`, -1 when it lies before all that is known. */
  epochForOffset(offset: number): number {
    for (let n = this.list.length - 1; n >= 0; n--) {
      const entry = this.list[n]!
      if (entry.startOffset <= offset) return entry.epoch
    }
    return UNDEFINED_EPOCH
  }

  /** Forgets epochs that start at `endOffset` or later. True when something changed. */
  truncateFromEnd(endOffset: number): boolean {
    let { length } = this.list
    const before = length
    while (length > 0 && this.list[length - 1]!.startOffset >= endOffset) length--
    this.list.length = length
    return length !== before
  }

  /** The log now starts at `startOffset`: the epoch that holds it starts there. True when changed. */
  truncateFromStart(startOffset: number): boolean {
    let covered = -1
    while (
      this.list[covered + 1] !== undefined &&
      this.list[covered + 1]!.startOffset <= startOffset
    ) {
      covered++
    }
    if (covered < 0) return false
    const { epoch, startOffset: was } = this.list[covered]!
    if (covered === 0 && was === startOffset) return false
    this.list.splice(0, covered + 1, { epoch, startOffset })
    return true
  }

  /** True when there was something to forget. */
  clear(): boolean {
    const had = this.list.length > 0
    this.list = []
    return had
  }

  /** Index of the first entry whose epoch is larger. */
  private above(epoch: number): number {
    let n = this.list.length
    while (n > 0 && this.list[n - 1]!.epoch > epoch) n--
    return n
  }
}

const UNDEFINED: EpochEndOffset = { epoch: UNDEFINED_EPOCH, endOffset: UNDEFINED_EPOCH_OFFSET }
