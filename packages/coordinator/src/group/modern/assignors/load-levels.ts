/**
 * The subscribers of one topic ordered by how many partitions they have, from which partitions are taken at
 * the upper end and given at the lower end, one at a time. Both ends are ranges of members with the same
 * load, walked round by round: after a round all of the range have one more (or less), and it takes in the
 * members that have as many.
 */
import { assert } from '@barnabas/base'

export class LoadLevels {
  /** Partitions by member, kept by the owner. */
  private readonly loads: readonly number[]
  private members: number[] = []
  private lowEnd = 0
  private lowLoad = -1
  private nextLow = 0
  private highStart = 0
  private highEnd = 0
  private highLoad = 1
  private nextHigh = -1

  constructor(loads: readonly number[]) {
    this.loads = loads
  }

  /** Starts over with these members; returns by how much their loads differ at most. */
  reset(members: readonly number[]): number {
    assert(members.length > 0, 'a topic without subscribers is not balanced')
    const { loads } = this
    this.members = [...members].sort((one, other) => loads[one]! - loads[other]! || one - other)
    const least = loads[this.members[0]!]!
    const most = loads[this.members.at(-1)!]!
    this.lowEnd = 0
    this.lowLoad = least - 1
    this.nextLow = 0
    this.highStart = this.members.length
    this.highEnd = this.members.length
    this.highLoad = most + 1
    this.nextHigh = this.members.length - 1
    return most - least
  }

  /** Who gets the next partition. */
  leastLoaded(): number {
    if (this.nextLow >= this.lowEnd) {
      this.lowLoad++
      while (this.lowEnd < this.members.length && this.loadAt(this.lowEnd) === this.lowLoad) {
        this.lowEnd++
      }
      this.nextLow = 0
    }
    return this.members[this.nextLow++]!
  }

  /** Whom the next partition is taken from; -1 when nobody is left. */
  mostLoaded(): number {
    if (this.nextHigh < this.highStart) {
      const exhausted = this.highEnd <= this.highStart && this.highStart > 0
      this.highLoad = exhausted ? this.loadAt(this.highStart - 1) : this.highLoad - 1
      while (this.highStart > 0 && this.loadAt(this.highStart - 1) === this.highLoad) {
        this.highStart--
      }
      this.nextHigh = this.highEnd - 1
    }
    return this.nextHigh < 0 ? -1 : this.members[this.nextHigh--]!
  }

  /** The member `mostLoaded` named last has no partition of the topic. */
  excludeMostLoaded(): void {
    const at = this.nextHigh + 1
    const excluded = this.members[at]!
    this.members[at] = this.members[this.highEnd - 1]!
    this.members[this.highEnd - 1] = excluded
    this.highEnd--
  }

  get isBalanced(): boolean {
    return this.highLoad - this.lowLoad <= 1
  }

  private loadAt(index: number): number {
    return this.loads[this.members[index]!]!
  }
}
