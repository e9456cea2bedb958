/**
 * The batches of one shard on their way into the log: the newest is open for more records, the oldest may be
 * under way. One append at a time, so that the log has the batches in order and a failed one takes all
 * later ones with it.
 */
import { ApiError, assert, type Awaitable, type TimelineMark } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import { BATCH_OVERHEAD_BYTES } from './limits.ts'
import type { ShardKinds } from './outcome.ts'
import type { PartitionWriter, SerializedRecord } from './partition-writer.ts'
import { PendingBatch, recordSizeBytes, type PendingOutcome } from './pending-batch.ts'
import type { Request } from './request.ts'

export interface PipelineOwner<K extends ShardKinds> {
  /** The log has the batch with everything these outcomes were decided on. */
  onAppended(outcomes: readonly PendingOutcome<K>[]): void
  /** The log has none of these batches; the state must go back to the first one's mark. */
  onAppendFailed(batches: readonly PendingBatch<K>[], error: unknown): void
  /** The log is not where it should be: somebody else wrote to it. */
  onDiverged(problem: string): void
}

export class AppendPipeline<K extends ShardKinds> {
  /** Offset the next record will have: the end of the log and of all batches on their way. */
  nextOffset = 0
  readonly batchSizeMaxBytes: () => number
  private readonly partition: number
  private readonly leaderEpoch: number
  private readonly writer: PartitionWriter
  private readonly owner: PipelineOwner<K>
  private batches: PendingBatch<K>[] = []
  private appending = false
  private closed = false

  constructor(
    partition: number,
    leaderEpoch: number,
    writer: PartitionWriter,
    owner: PipelineOwner<K>,
  ) {
    this.partition = partition
    this.leaderEpoch = leaderEpoch
    this.writer = writer
    this.owner = owner
    this.batchSizeMaxBytes = () => writer.batchSizeMaxBytes(partition)
  }

  /** The batch whose fate new outcomes share; undefined when the log has everything. */
  get newest(): PendingBatch<K> | undefined {
    return this.batches.at(-1)
  }

  /** An open batch that takes records of this size for this request; it may be a new one. */
  openBatch(
    request: Request<K>,
    recordsBytes: number,
    mark: TimelineMark,
    nowMs: number,
  ): PendingBatch<K> {
    const { producer = null, marker = null } = request.options
    const newest = this.batches.at(-1)
    if (newest !== undefined) {
      const alike = producer === null && newest.producer === null && marker === null
      const fits = newest.fits(recordsBytes, this.batchSizeMaxBytes())
      if (alike && fits && !newest.closed) return newest
      newest.closed = true
    }
    const batch = new PendingBatch<K>(this.nextOffset, mark, nowMs, producer, marker)
    this.batches.push(batch)
    return batch
  }

  /** Sends what waits, as far as the log takes it at once; the rest follows when it can. */
  flush(): void {
    while (!this.appending && this.batches.length > 0) {
      const batch = this.batches[0]!
      batch.closed = true
      this.appending = true
      let appended: Awaitable<number>
      try {
        appended = this.writer.append(this.partition, this.leaderEpoch, batch.toAppend())
      } catch (error) {
        this.onFailed(error)
        continue
      }
      if (appended instanceof Promise) {
        this.await(batch, appended)
        return
      }
      this.onAppended(batch, appended)
    }
  }

  /** Nothing more is appended; answers with what was on its way. */
  close(): PendingBatch<K>[] {
    const { batches } = this
    this.batches = []
    this.closed = true
    return batches
  }

  private await(batch: PendingBatch<K>, appended: Promise<number>): void {
    const onAppended = (endOffset: number) => {
      this.onAppended(batch, endOffset)
      this.flush()
    }
    const onFailed = (error: unknown) => {
      this.onFailed(error)
      this.flush()
    }
    void appended.then(onAppended, onFailed)
  }

  private onAppended(batch: PendingBatch<K>, endOffset: number): void {
    this.appending = false
    if (this.closed) return
    assert(this.batches[0] === batch, 'batches are appended in order')
    if (endOffset !== batch.nextOffset) {
      this.owner.onDiverged(`the log ends at ${endOffset} instead of ${batch.nextOffset}`)
      return
    }
    this.batches.shift()
    this.owner.onAppended(batch.outcomes)
  }

  private onFailed(error: unknown): void {
    this.appending = false
    if (this.closed) return
    const { batches } = this
    this.batches = []
    this.nextOffset = batches[0]!.baseOffset
    this.owner.onAppendFailed(batches, error)
  }
}

/**
 * The records as runs that each fit into one batch: a single run when all must go together. Refused when
 * that cannot be.
 */
export function splitIntoRuns(
  records: readonly SerializedRecord[],
  atomic: boolean,
  batchSizeMaxBytes: number,
): SerializedRecord[][] {
  const roomBytes = batchSizeMaxBytes - BATCH_OVERHEAD_BYTES
  const runs: SerializedRecord[][] = [[]]
  let runBytes = 0
  for (const record of records) {
    const sizeBytes = recordSizeBytes(record)
    runBytes += sizeBytes
    if (runBytes > roomBytes) {
      if (atomic || sizeBytes > roomBytes) throw new ApiError(ErrorCode.RECORD_LIST_TOO_LARGE)
      runs.push([])
      runBytes = sizeBytes
    }
    runs.at(-1)!.push(record)
  }
  return runs
}
