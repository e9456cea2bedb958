/** A produce request with acks=-1 whose records wait for the other replicas in sync. */
import { ErrorCode } from '@barnabas/protocol'
import { type Partition, PENDING } from '../partition/partition.ts'
import type { DelayedOperation } from '../purgatory.ts'

/** One partition whose append was accepted, and where its records end. */
export interface PendingCommit {
  readonly partition: Partition
  readonly nextOffset: number
  readonly leaderEpoch: number
}

export class ProduceWait implements DelayedOperation<Partition> {
  readonly keys: readonly Partition[]
  readonly timeoutMs: number
  private readonly commits: readonly PendingCommit[]
  private readonly onDone: (errorCodes: number[]) => void
  private readonly onError: (error: unknown) => void

  /** `onDone` gets an error code for each commit, in their order. */
  constructor(
    commits: readonly PendingCommit[],
    timeoutMs: number,
    onDone: (errorCodes: number[]) => void,
    onError: (error: unknown) => void,
  ) {
    this.commits = commits
    this.keys = commits.map(({ partition }) => partition)
    this.timeoutMs = timeoutMs
    this.onDone = onDone
    this.onError = onError
  }

  isSatisfied(): boolean {
    return this.commits.every((commit) => resultOf(commit) !== PENDING)
  }

  complete(): void {
    this.onDone(this.commits.map((commit) => resultOf(commit) ?? ErrorCode.REQUEST_TIMED_OUT))
  }

  fail(error: unknown): void {
    this.onError(error)
  }
}

function resultOf({ partition, nextOffset, leaderEpoch }: PendingCommit): number | typeof PENDING {
  return partition.commitResult(nextOffset, leaderEpoch)
}
