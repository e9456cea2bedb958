/**
 * The cluster as this node knows it: follows the metadata log, keeps the newest image, and tells the rest of
 * the node what changed. Publishers are told in the order in which they were added, one change after
 * another; a change is over when the last of them is done with it.
 */
import { assert, type Awaitable, type Logger } from '@barnabas/base'
import { ClusterDelta } from '../image/cluster-delta.ts'
import { type ClusterImage, EMPTY_IMAGE } from '../image/cluster-image.ts'
import { ImageLoader } from '../image/image-loader.ts'
import { imageRecords } from '../image/image-records.ts'
import type {
  Leadership,
  MetadataLog,
  MetadataLogListener,
  MetadataSnapshot,
} from '../log/metadata-log.ts'
import type { MetadataBatch } from '../records/metadata-batch.ts'

export interface MetadataPublisher {
  readonly name: string
  /** What it throws is logged; the others are told all the same. */
  onChange(delta: ClusterDelta): Awaitable<void>
}

/** Who must know of the log's course beyond what it says: the controller of this node. */
export interface MetadataObserver {
  /**
   * Everything up to this offset is in the image, and all publishers are done with it. The record there
   * was written under `epoch`; records of different epochs are told apart.
   */
  onLoaded(offset: number, epoch: number): void
  onLeadership(leadership: Leadership): void
  onFailure(error: Error): void
}

/** How far the records of one epoch go among those that were loaded together. */
interface EpochEnd {
  readonly offset: number
  readonly epoch: number
}

export interface ClusterMetadataOptions {
  readonly log: MetadataLog
  readonly logger: Logger
  /** Called when the log cannot go on. */
  onFailure?(error: Error): void
}

export class ClusterMetadata implements MetadataLogListener {
  readonly log: MetadataLog
  private readonly logger: Logger
  private readonly fail: (error: Error) => void
  private readonly publishers: MetadataPublisher[] = []
  private readonly observers: MetadataObserver[] = []
  private readonly loader = new ImageLoader()
  private published: ClusterImage = EMPTY_IMAGE
  private offset = -1
  private isCaughtUp = false
  private leader: Leadership = { leaderId: -1, epoch: -1 }
  private writing: Promise<void> | null = null

  constructor(options: ClusterMetadataOptions) {
    this.log = options.log
    this.logger = options.logger.child('metadata')
    this.fail = (error) => options.onFailure?.(error)
  }

  /** Keep it for the time of one request; the next call may give a newer one. */
  get image(): ClusterImage {
    return this.published
  }

  /** Last offset that is in the image or within a transaction that is still open. */
  get loadedOffset(): number {
    return this.offset
  }

  /** Who leads the log, as far as this node was told. */
  get leadership(): Leadership {
    return this.leader
  }

  /** Whether the log ends within a transaction. */
  get isInTransaction(): boolean {
    return this.loader.isInTransaction
  }

  /** Before `open`, or between two changes; a late one is told the whole image as one change. */
  async addPublisher(publisher: MetadataPublisher): Promise<void> {
    this.publishers.push(publisher)
    if (this.isCaughtUp) await this.tell(publisher, new ClusterDelta(EMPTY_IMAGE, this.published))
  }

  addObserver(observer: MetadataObserver): void {
    this.observers.push(observer)
  }

  /** Resolves when all that the log had at the start is known and published. */
  open(): Promise<void> {
    return this.log.open(this)
  }

  async close(): Promise<void> {
    await this.log.close()
    await this.writing
  }

  async onSnapshot({ records, provenance }: MetadataSnapshot): Promise<void> {
    this.loader.loadSnapshot(records, provenance)
    await this.publish([provenance])
  }

  async onCommit(batches: readonly MetadataBatch[]): Promise<void> {
    const ends: EpochEnd[] = []
    for (const { records, baseOffset, lastOffset: offset, epoch, timestampMs } of batches) {
      const last = ends.at(-1)?.offset ?? this.offset
      assert(baseOffset > last, `batch at ${baseOffset} comes behind offset ${last}`)
      this.loader.loadBatch(records, { offset, epoch, timestampMs })
      if (ends.at(-1)?.epoch === epoch) ends.pop()
      ends.push({ offset, epoch })
    }
    await this.publish(ends)
    this.maybeWriteSnapshot()
  }

  async onCaughtUp(): Promise<void> {
    this.isCaughtUp = true
    await this.publish([])
    this.maybeWriteSnapshot()
  }

  onLeadership(leadership: Leadership): void {
    this.leader = leadership
    for (const observer of this.observers) observer.onLeadership(leadership)
  }

  onFailure(error: Error): void {
    this.logger.error('the metadata log failed', { error })
    for (const observer of this.observers) observer.onFailure(error)
    this.fail(error)
  }

  /** While the log is still being read, only its last state matters. */
  private async publish(ends: readonly EpochEnd[]): Promise<void> {
    this.offset = ends.at(-1)?.offset ?? this.offset
    if (!this.isCaughtUp) return
    const before = this.published
    const after = this.loader.image
    if (before !== after) {
      this.published = after
      const delta = new ClusterDelta(before, after)
      for (const publisher of this.publishers) await this.tell(publisher, delta)
    }
    for (const { offset, epoch } of ends) {
      for (const observer of this.observers) observer.onLoaded(offset, epoch)
    }
  }

  private async tell(publisher: MetadataPublisher, delta: ClusterDelta): Promise<void> {
    try {
      await publisher.onChange(delta)
    } catch (error) {
      this.logger.error(`publisher ${publisher.name} failed on a change of the metadata`, { error })
    }
  }

  /** In the background: the image it is written from does not change. */
  private maybeWriteSnapshot(): void {
    if (!this.isCaughtUp || this.writing !== null || !this.log.isSnapshotDue) return
    const image = this.loader.image
    if (this.loader.isInTransaction || image.provenance.offset < 0) return
    const snapshot = { provenance: image.provenance, records: imageRecords(image) }
    this.writing = this.log
      .writeSnapshot(snapshot)
      .catch((error: unknown) => this.logger.warn('a metadata snapshot failed', { error }))
      .finally(() => {
        this.writing = null
      })
  }
}
