/** What compaction needs of a log. `PartitionLog` is one. */
import type { LogConfig } from '../log-config.ts'
import type { Segment, SegmentStore } from '../store/segment-store.ts'

export interface CompactableLog {
  readonly topic: string
  readonly partition: number
  /** `topic-partition`. */
  readonly name: string
  readonly config: LogConfig
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly lastStableOffset: number
  readonly isOffline: boolean
  /** Oldest first, the last is the active one. */
  readonly segments: readonly Segment[]
  readonly producers: { entries(): Iterable<{ producerId: number } & ActiveProducer> }
  /** Resolves when all closed segments are durable, so that nothing writes to them any more. */
  flush(): Promise<void>
  /**
   * Runs while nothing else removes segments or cuts them. What the task throws counts as a storage
   * failure of the log.
   */
  maintain<T>(task: (store: SegmentStore) => Promise<T>): Promise<T>
  /** Segments were replaced; called within `maintain`. */
  afterCompaction?(): Promise<void> | void
}

export interface ActiveProducer {
  readonly epoch: number
  /** Last offset of its last data batch, -1 when only markers are known. */
  readonly lastDataOffset: number
}
