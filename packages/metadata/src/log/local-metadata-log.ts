/**
 * A metadata log in a directory of this node: a quorum of one, in Apache Kafka's own files
 * (`__cluster_metadata-0`: segments, snapshots, `quorum-state`). The node leads as soon as it has read what is
 * there; every start, and every resignation, begins a new epoch.
 *
 * Appends that arrive while a write is under way go to disk together, with one write and one sync. A record
 * counts, and is given to the listener, once it is on disk.
 */
import { assert, EnvironmentError, type FileSystem, type Logger, type World } from '@barnabas/base'
import {
  encodeControlBatch,
  encodeMetadataBatch,
  type MetadataBatch,
  type QuorumControl,
} from '../records/metadata-batch.ts'
import type { MetadataRecord } from '../records/metadata-record.ts'
import { deposed } from './deposed.ts'
import { LocalState } from './local/local-state.ts'
import { ROLL_AFTER_SNAPSHOT_BYTES, WRITE_BYTES_MAX } from './local/limits.ts'
import { LOG_DIRECTORY } from './local/files.ts'
import { Segments } from './local/segments.ts'
import { Snapshots } from './local/snapshots.ts'
import { leaderChange, type LocalVoter, newestControls, voterControls } from './local/voters.ts'
import type { MetadataLog, MetadataLogListener, MetadataSnapshot } from './metadata-log.ts'

export interface LocalMetadataLogOptions {
  readonly world: Pick<World, 'clock' | 'files' | 'log'>
  readonly nodeId: number
  /** The node's metadata log directory; the log is a directory in it. */
  readonly directory: string
  /** Named in a new log, so that Kafka knows the quorum. Old logs keep the voters they name. */
  readonly voter?: LocalVoter
  /** A snapshot is due after so many bytes. */
  readonly snapshotBytes?: number
  readonly segmentBytes?: number
  /** False: records count before they are on disk, and a crash of the machine may lose some. */
  readonly sync?: boolean
}

interface QueuedAppend {
  readonly bytes: Buffer
  readonly batch: MetadataBatch
  done(lastOffset: number): void
  fail(error: Error): void
}

const DEFAULT_SNAPSHOT_BYTES = 20 * 1024 * 1024
const DEFAULT_SEGMENT_BYTES = 1024 * 1024 * 1024

export class LocalMetadataLog implements MetadataLog {
  readonly nodeId: number
  private readonly options: LocalMetadataLogOptions
  private readonly files: FileSystem
  private readonly logger: Logger
  private readonly segments: Segments
  private readonly snapshots: Snapshots
  private readonly state: LocalState
  private listener: MetadataLogListener | null = null
  private nextOffset = 0
  /** The epoch in which this node leads; null before the first and while another begins. */
  private epoch: number | null = null
  private lastEpoch = 0
  private controls: readonly QuorumControl[] = []
  private queue: QueuedAppend[] = []
  private writing: Promise<void> | null = null
  /** Ends when the listener has been given everything so far. */
  private delivery: Promise<void> = Promise.resolve()
  private bytesSinceSnapshot = 0
  private failure: Error | null = null
  private closed = false

  constructor(options: LocalMetadataLogOptions) {
    this.options = options
    this.nodeId = options.nodeId
    this.files = options.world.files
    this.logger = options.world.log.child('metadata-log')
    const directory = `${options.directory}/${LOG_DIRECTORY}`
    const sync = options.sync ?? true
    const { files, logger } = this
    const segmentBytes = options.segmentBytes ?? DEFAULT_SEGMENT_BYTES
    this.segments = new Segments({ files, directory, logger, segmentBytes, sync })
    this.snapshots = new Snapshots(files, directory, logger, sync)
    this.state = new LocalState(files, directory, sync)
  }

  get endOffset(): number {
    return this.nextOffset
  }

  get isSnapshotDue(): boolean {
    const limit = this.options.snapshotBytes ?? DEFAULT_SNAPSHOT_BYTES
    return this.epoch !== null && this.bytesSinceSnapshot >= limit
  }

  async open(listener: MetadataLogListener): Promise<void> {
    assert(this.listener === null, 'the log is open already')
    this.listener = listener
    await this.state.load()
    this.lastEpoch = this.state.epoch
    await this.load(listener)
    await this.deliver(() => listener.onCaughtUp())
    await this.lead()
    if (this.failure !== null) throw this.failure
  }

  append(records: readonly MetadataRecord[], epoch: number): Promise<number> {
    assert(records.length > 0, 'an append needs a record')
    if (this.closed || this.failure !== null || epoch !== this.epoch) {
      return Promise.reject(this.failure ?? deposed(epoch, this.lastEpoch))
    }
    const place = { baseOffset: this.nextOffset, epoch, timestampMs: this.nowMs() }
    const lastOffset = place.baseOffset + records.length - 1
    const bytes = encodeMetadataBatch(records, place)
    this.nextOffset = lastOffset + 1
    const batch = { ...place, lastOffset, records, controls: [] }
    return new Promise((done, fail) => {
      this.queue.push({ bytes, batch, done, fail })
      this.writing ??= this.writeQueue()
    })
  }

  async resign(epoch: number): Promise<void> {
    if (epoch !== this.epoch || this.closed || this.failure !== null) return
    this.epoch = null
    await this.lead()
  }

  async writeSnapshot({ provenance, records }: MetadataSnapshot): Promise<void> {
    if (this.closed || this.failure !== null) return
    const { offset, epoch, timestampMs: lastTimestampMs } = provenance
    const written = this.bytesSinceSnapshot
    const id = { endOffset: offset + 1, epoch }
    const { controls } = this
    const nowMs = this.nowMs()
    await this.snapshots.write(id, { epoch, nowMs, lastTimestampMs, controls, records })
    this.bytesSinceSnapshot -= written
    this.logger.info('wrote a metadata snapshot', { ...id })
    const oldest = await this.snapshots.deleteOld()
    await this.exclusively(async () => {
      if (this.segments.activeBytes >= ROLL_AFTER_SNAPSHOT_BYTES) {
        await this.segments.roll(this.nextOffset)
      }
      if (oldest !== null) await this.segments.deleteBefore(oldest)
    })
  }

  async close(): Promise<void> {
    if (this.closed) return
    this.closed = true
    this.epoch = null
    await this.writing
    await this.delivery
    await this.segments.close()
  }

  private async load(listener: MetadataLogListener): Promise<void> {
    const snapshot = await this.snapshots.newest()
    const fromOffset = snapshot?.id.endOffset ?? 0
    if (snapshot !== null) {
      this.controls = newestControls(this.controls, snapshot.controls)
      this.lastEpoch = Math.max(this.lastEpoch, snapshot.id.epoch)
      const { records, timestampMs } = snapshot
      const provenance = { offset: fromOffset - 1, epoch: snapshot.id.epoch, timestampMs }
      // The one that a format leaves names the voters and nothing else.
      if (fromOffset > 0) await this.deliver(() => listener.onSnapshot({ provenance, records }))
    }
    const next = await this.segments.load(fromOffset, async (batch, sizeBytes) => {
      this.controls = newestControls(this.controls, batch.controls)
      this.lastEpoch = Math.max(this.lastEpoch, batch.epoch)
      this.bytesSinceSnapshot += sizeBytes
      await this.deliver(() => listener.onCommit([batch]))
    })
    this.nextOffset = next ?? fromOffset
    if (next === null && fromOffset > 0) await this.segments.restartAt(fromOffset)
  }

  /** Begins the next epoch, behind all that is being written. */
  private async lead(): Promise<void> {
    let epoch: number | null = null
    await this.exclusively(async () => {
      epoch = await this.openEpoch()
    })
    if (epoch === null || this.closed || this.failure !== null) return
    const leadership = { leaderId: this.nodeId, epoch }
    this.epoch = epoch
    await this.deliver(() => this.listener!.onLeadership(leadership))
  }

  /** Remembered first, then opened in the log, then told: an epoch is never used twice. */
  private async openEpoch(): Promise<number> {
    const epoch = this.lastEpoch + 1
    this.lastEpoch = epoch
    const place = { baseOffset: this.nextOffset, epoch, timestampMs: this.nowMs() }
    const controls = [leaderChange(this.nodeId), ...this.newVoters()]
    this.controls = newestControls(this.controls, controls)
    const lastOffset = place.baseOffset + controls.length - 1
    this.nextOffset = lastOffset + 1
    const bytes = encodeControlBatch(controls, place)
    const { baseOffset, timestampMs } = place
    await this.state.beginEpoch(this.nodeId, epoch, baseOffset, hasVoters(this.controls) ? 1 : 0)
    await this.segments.append([{ bytes, lastOffset, timestampMs }], baseOffset)
    const batch = { ...place, lastOffset, records: [], controls }
    await this.deliver(() => this.listener!.onCommit([batch]))
    return epoch
  }

  /** A new log names its voter; one that Kafka made has done so. */
  private newVoters(): QuorumControl[] {
    const { voter } = this.options
    if (this.nextOffset > 0) return []
    if (this.controls.length > 0) return [...this.controls]
    return voter === undefined ? [] : voterControls(this.nodeId, voter)
  }

  private async writeQueue(): Promise<void> {
    // Whoever appends in this turn is to go along.
    await Promise.resolve()
    while (this.queue.length > 0 && this.failure === null) {
      const taken = this.takeQueued()
      try {
        const appends = taken.map(({ bytes, batch: { lastOffset, timestampMs } }) => ({
          bytes,
          lastOffset,
          timestampMs,
        }))
        await this.segments.append(appends, taken[0]!.batch.baseOffset)
      } catch (error) {
        this.queue.unshift(...taken)
        this.fail(error as Error)
        break
      }
      for (const { bytes, batch, done } of taken) {
        this.bytesSinceSnapshot += bytes.length
        done(batch.lastOffset)
      }
      const batches = taken.map((each) => each.batch)
      this.deliver(() => this.listener!.onCommit(batches))
    }
    this.writing = null
  }

  private takeQueued(): QueuedAppend[] {
    let sizeBytes = 0
    let count = 0
    while (count < this.queue.length && (count === 0 || sizeBytes < WRITE_BYTES_MAX)) {
      sizeBytes += this.queue[count++]!.bytes.length
    }
    return this.queue.splice(0, count)
  }

  /** Calls the listener behind all calls so far. A failing listener is broken for good. */
  private deliver(call: () => unknown): Promise<void> {
    this.delivery = this.delivery.then(async () => {
      if (this.failure !== null) return
      try {
        await call()
      } catch (error) {
        this.fail(error as Error)
      }
    })
    return this.delivery
  }

  /** Runs between two writes, and not at all once the log is closed or failed. */
  private async exclusively(run: () => Promise<void>): Promise<void> {
    while (this.writing !== null) await this.writing
    if (this.closed || this.failure !== null) return
    this.writing = run()
      .catch((error: unknown) => this.fail(error as Error))
      .finally(() => {
        this.writing = this.queue.length > 0 ? this.writeQueue() : null
      })
    await this.writing
  }

  /** What is on disk is unknown after a failed write: only a new start can tell. */
  private fail(cause: Error): void {
    if (this.failure !== null) return
    this.epoch = null
    this.failure = new EnvironmentError(
      'BARNABAS_METADATA_LOG_FAILED',
      `The metadata log in ${this.options.directory} failed: ${cause.message}`,
      { cause },
    )
    for (const each of this.queue.splice(0)) each.fail(this.failure)
    this.listener?.onFailure(this.failure)
  }

  private nowMs(): number {
    return this.options.world.clock.nowMs()
  }
}

/** Whether the quorum's voters stand in the log. */
function hasVoters(controls: readonly QuorumControl[]): boolean {
  return controls.some((each) => each.type === 'kraftVersion' && each.data.kRaftVersion > 0)
}
