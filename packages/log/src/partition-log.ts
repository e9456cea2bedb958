/**
 * One partition's log: what is appended, read, truncated and deleted goes through here. It decides about
 * offsets, producers, rolls and what is visible; a `SegmentStore` keeps the batches.
 *
 *   logStartOffset <= lastStableOffset <= highWatermark <= logEndOffset <= nextOffset
 *
 * `nextOffset` is what the next batch gets; `logEndOffset` follows once it is written. While the system
 * takes writes at once the two are the same, and an append gives its result without a promise.
 *
 * A storage failure takes the log offline for good: whoever waits and whoever comes gets a
 * `LogOfflineError`, and the listener is told. Nothing here throws at other logs.
 */
import { ApiError, type Awaitable, type SharedBytes } from '@barnabas/base'
import {
  type BatchView,
  ErrorCode,
  type RecordError,
  type Uuid,
  validateForAppend,
} from '@barnabas/protocol'
import { Flushing } from './flushing.ts'
import { batchesFromLeader } from './follower-batches.ts'
import { LogHealth } from './log-health.ts'
import { formatEpochs } from './files/leader-epoch-checkpoint.ts'
import type { AbortedTransaction } from './index/transaction-index.ts'
import type { EpochEndOffset, LeaderEpochs } from './leader-epochs.ts'
import { appendRules, type LogConfig } from './log-config.ts'
import {
  abortedBetween,
  findByTimestamp,
  findMaxTimestamp,
  type RecordPlace,
  withAborted,
} from './log-reads.ts'
import { reloadProducers } from './log-recovery.ts'
import {
  type Appended,
  appended,
  type AppendResult,
  type Isolation,
  type LeaderAppend,
  type LogParts,
  type LogRead,
} from './log-types.ts'
import { firstOffsetOf, type ProducerBatch } from './producer/producer-entry.ts'
import type { ProducerState, ProducerUpdate } from './producer/producer-state.ts'
import type { VerificationGuard } from './producer/transaction-verification.ts'
import { deletableSegments } from './retention.ts'
import { drawJitter, mustRoll } from './roll.ts'
import { emptyRun } from './store/file-reader.ts'
import type { ReadRequest, ReadRun, SegmentStore } from './store/segment-store.ts'
import type { LogTail } from './tail-cache.ts'

const NO_OWNERS: readonly SharedBytes[] = []
const NO_ERRORS: RecordError[] = []

export class PartitionLog {
  readonly topic: string
  readonly partition: number
  readonly producers: ProducerState
  topicId: Uuid | null
  config: LogConfig
  private readonly parts: LogParts
  private readonly store: SegmentStore
  private readonly epochs: LeaderEpochs
  private readonly tail: LogTail
  private start: number
  private next: number
  private written: number
  private highWatermarkOffset: number
  private readonly flushing: Flushing
  private jitterMs = 0
  private readonly health: LogHealth
  /** Set while appends must wait. */
  private still: Promise<void> | null = null
  /** The newest append that is not yet written. */
  private underway: Promise<void> | null = null

  constructor(parts: LogParts) {
    this.parts = parts
    this.topic = parts.topic
    this.partition = parts.partition
    this.topicId = parts.topicId
    this.config = parts.config
    this.store = parts.store
    this.producers = parts.producers
    this.epochs = parts.epochs
    this.tail = parts.tail
    this.start = parts.logStartOffset
    this.next = parts.store.endOffset
    this.written = this.next
    this.health = new LogHealth(this.name, (error) => {
      this.tail.clear()
      parts.log.error('the log is offline after a storage failure', { error })
      parts.listener.onOffline?.(error)
    })
    this.flushing = new Flushing(this, parts.clock, Math.min(parts.recoveryPoint, this.next))
    this.highWatermarkOffset = Math.min(Math.max(parts.highWatermark, this.start), this.next)
    this.producers.transactions.onReplicatedTo(this.highWatermarkOffset)
    this.jitterMs = drawJitter(this.config, this.parts.entropy)
  }

  /** `topic-partition`. */
  get name(): string {
    return `${this.topic}-${this.partition}`
  }

  get logStartOffset(): number {
    return this.start
  }

  /** Everything before it can be read. */
  get logEndOffset(): number {
    return this.written
  }

  /** What the next batch gets. */
  get nextOffset(): number {
    return this.next
  }

  get highWatermark(): number {
    return this.highWatermarkOffset
  }

  get lastStableOffset(): number {
    const first = this.producers.transactions.firstUnstableOffset
    if (first === null) return this.highWatermarkOffset
    return Math.min(this.highWatermarkOffset, Math.max(first, this.start))
  }

  /** Everything before it survives a crash of the machine. */
  get flushedOffset(): number {
    return this.flushing.flushedOffset
  }

  /** Where a start after a crash has to begin its scan; at or just before what is flushed. */
  get recoveryPoint(): number {
    return this.store.recoveryPointOf(this.flushing.flushedOffset)
  }

  get sizeBytes(): number {
    return this.store.sizeBytes
  }

  get segments(): SegmentStore['segments'] {
    return this.store.segments
  }

  get isOffline(): boolean {
    return this.health.isOffline
  }

  get lastFlushMs(): number {
    return this.flushing.lastFlushMs
  }

  get latestEpoch(): number {
    return this.epochs.latestEpoch
  }

  // Appending

  /**
   * Checks a batch, gives it offsets and appends it. What the protocol foresees to go wrong is a
   * rejection; a storage failure throws or rejects.
   */
  appendAsLeader(batch: BatchView, options: LeaderAppend): Awaitable<AppendResult> {
    this.health.mustBeUsable()
    if (this.still !== null) return this.still.then(() => this.appendAsLeader(batch, options))
    const nowMs = this.parts.clock.nowMs()
    const verdict = validateForAppend(
      batch,
      appendRules(this.config, this.name, options.origin),
      nowMs,
    )
    if (!verdict.accepted) return verdict
    const accepted = verdict.batch
    const owner = verdict.rebuilt ? null : (options.owner ?? null)
    const firstOffset = this.next
    accepted.baseOffset = firstOffset
    accepted.partitionLeaderEpoch = options.leaderEpoch
    const batches = [accepted]
    const bytes = accepted.bytes
    this.maybeRoll(bytes.length, batches, nowMs)
    let update: ProducerUpdate
    try {
      update = this.producers.analyze(batches, options)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const { errorCode, message } = error
      return { accepted: false, errorCode, message, recordErrors: NO_ERRORS }
    }
    if (update.duplicate !== null) return this.answerDuplicate(update.duplicate)
    const written = this.write(bytes, batches, update, owner)
    const { lastOffset } = accepted
    const result = appended(firstOffset, lastOffset, verdict.logAppendTimeMs, this.start, false)
    return written instanceof Promise ? written.then(() => result) : result
  }

  /**
   * Appends batches as a leader of this partition gave them out. They must begin at or behind the end;
   * those of a later epoch than the one fetched with are left out, as their leader is another.
   */
  appendAsFollower(
    records: Buffer,
    options: { leaderEpoch: number; owner?: SharedBytes | null },
  ): Awaitable<void> {
    this.health.mustBeUsable()
    if (this.still !== null) return this.still.then(() => this.appendAsFollower(records, options))
    const batches = batchesFromLeader(records, this.next, options.leaderEpoch, this.name)
    if (batches.length === 0) return
    const last = batches[batches.length - 1]!
    const bytes = records.subarray(0, last.position + last.sizeBytes)
    this.maybeRoll(bytes.length, batches, this.parts.clock.nowMs())
    const update = this.producers.analyze(batches, { origin: 'replication' })
    return this.write(bytes, batches, update, options.owner ?? null)
  }

  /** For a client's transactional write: the guard to append with, null when none is needed. */
  startVerification(
    producerId: number,
    sequence: number,
    epoch: number,
    supportsEpochBump: boolean,
  ): VerificationGuard | null {
    if (this.producers.hasOpenTransaction(producerId, epoch)) return null
    const nowMs = this.parts.clock.nowMs()
    return this.producers.verifications.start(producerId, sequence, epoch, supportsEpochBump, nowMs)
  }

  // Reading

  /** Batches from the one that holds `offset` on, as far as the isolation allows. */
  read(
    offset: number,
    maxBytes: number,
    isolation: Isolation,
    minOneBatch: boolean,
  ): Awaitable<LogRead> {
    this.health.mustBeUsable()
    if (offset < this.start || offset > this.written) {
      throw new ApiError(
        ErrorCode.OFFSET_OUT_OF_RANGE,
        `offset ${offset} of ${this.name}, which has ${this.start} to ${this.written}`,
      )
    }
    const maxOffset = this.boundOf(isolation)
    const request = { offset, maxOffset, maxBytes, minOneBatch }
    if (offset >= maxOffset) return this.readResult(emptyRun(offset), isolation, NO_OWNERS)
    const cached = this.mayUseTail(offset) ? this.tail.read(request) : null
    if (cached !== null) return this.readResult(cached, isolation, cached.owners)
    return this.readFromStore(request, isolation)
  }

  /** Null when there is no such record below what the isolation allows. */
  async offsetForTimestamp(timestamp: number, isolation: Isolation): Promise<RecordPlace | null> {
    this.health.mustBeUsable()
    const found = await this.health.guarded(findByTimestamp(this.store, timestamp, this.start))
    return found !== null && found.offset < this.boundOf(isolation) ? found : null
  }

  /** The first record with the largest timestamp, null for a log without records. */
  async offsetOfMaxTimestamp(): Promise<RecordPlace | null> {
    this.health.mustBeUsable()
    return this.health.guarded(findMaxTimestamp(this.store))
  }

  endOffsetForEpoch(epoch: number): EpochEndOffset {
    return this.epochs.endOffsetFor(epoch, this.written)
  }

  epochForOffset(offset: number): number {
    return this.epochs.epochForOffset(offset)
  }

  abortedTransactions(from: number, to: number): Awaitable<readonly AbortedTransaction[]> {
    return abortedBetween(this.store, from, to)
  }

  // Offsets that others decide on

  /** The broker leads (or follows) from now on in this epoch; its first offset is the present end. */
  startEpoch(leaderEpoch: number): void {
    this.health.mustBeUsable()
    if (this.epochs.assign(leaderEpoch, this.next)) this.storeEpochs()
  }

  /** True when it moved. It never leaves what the log holds. */
  setHighWatermark(offset: number): boolean {
    const bounded = Math.min(Math.max(offset, this.start), this.written)
    if (bounded === this.highWatermarkOffset) return false
    this.highWatermarkOffset = bounded
    this.producers.transactions.onReplicatedTo(bounded)
    return true
  }

  /**
   * Records before `offset` are gone for readers from now on; their segments go with the next retention
   * pass. -1 stands for all below the high watermark. Gives the new start.
   */
  deleteRecords(offset: number): number {
    this.health.mustBeUsable()
    const wanted = offset === -1 ? this.highWatermarkOffset : offset
    if (wanted < 0 || wanted > this.highWatermarkOffset) {
      throw new ApiError(
        ErrorCode.OFFSET_OUT_OF_RANGE,
        `offset ${offset} of ${this.name}, whose high watermark is ${this.highWatermarkOffset}`,
      )
    }
    this.raiseLogStart(wanted)
    return this.start
  }

  /** Moves the start forward, as a leader's start tells a follower. */
  raiseLogStart(offset: number): void {
    if (offset <= this.start) return
    this.start = offset
    if (this.highWatermarkOffset < offset) this.highWatermarkOffset = offset
    if (this.epochs.truncateFromStart(offset)) this.storeEpochs()
    this.producers.transactions.onReplicatedTo(offset)
  }

  // Upkeep

  /** Removes all batches from `offset` on; appends wait meanwhile. */
  truncateTo(offset: number): Promise<void> {
    return this.whileStill(async () => {
      if (offset >= this.next) {
        if (this.epochs.truncateFromEnd(offset)) this.storeEpochs()
        return
      }
      if (offset < this.store.segments[0]!.baseOffset) return this.beginAgain(offset)
      this.parts.listener.onTruncating?.(offset)
      this.tail.clear()
      await this.store.truncateTo(offset, this.parts.clock.nowMs())
      await reloadProducers(this.parts, offset)
      if (this.epochs.truncateFromEnd(offset)) this.storeEpochs()
      this.start = Math.min(this.start, offset)
      this.endAt(offset)
      this.parts.log.info('truncated', { endOffset: offset })
    })
  }

  /** Removes everything; the log begins and ends at `offset`. */
  truncateFullyAndStartAt(offset: number): Promise<void> {
    return this.whileStill(() => this.beginAgain(offset))
  }

  /** What was appended before the call survives a crash of the machine when it resolves. */
  flush(): Promise<void> {
    this.health.mustBeUsable()
    return this.flushing.flush()
  }

  /** @internal For `Flushing`. */
  sync(): Promise<void> {
    const { work } = this.parts
    return this.health.guarded(work.done().then(() => this.store.flush()))
  }

  /**
   * Drops segments that time, size or the log start make deletable (RET-01 to RET-06). Gives their
   * number.
   */
  applyRetention(): Promise<number> {
    this.health.mustBeUsable()
    return this.maintain(async () => {
      const nowMs = this.parts.clock.nowMs()
      const { next } = this
      const { segments } = this.store
      const found = await deletableSegments(segments, {
        config: this.config,
        nowMs,
        logStartOffset: this.start,
        highWatermark: this.highWatermarkOffset,
        nextOffset: next,
      })
      let { count } = found
      if (count === segments.length) {
        // The active one may go, unless something was appended to it meanwhile.
        if (this.next === next) this.roll(next, nowMs)
        else count--
      }
      if (count === 0) return 0
      const { baseOffset } = this.store.segments[count]!
      this.raiseLogStart(baseOffset)
      await this.parts.work.done()
      await this.store.dropFirst(count)
      this.parts.snapshots.removeBefore(baseOffset)
      this.parts.log.info('dropped segments', {
        reason: found.reason,
        segments: segments.slice(0, count).map((segment) => segment.baseOffset),
        logStartOffset: this.start,
      })
      return count
    })
  }

  expireProducers(): void {
    this.producers.removeExpired(this.parts.clock.nowMs(), this.config.producerIdExpirationMs)
  }

  /** Begins a new segment unless the active one is empty. */
  rollSegment(): void {
    this.health.mustBeUsable()
    if (this.store.active.sizeBytes > 0) this.roll(this.next, this.parts.clock.nowMs())
  }

  /** @internal For compaction, which changes the store under the same lock as retention. */
  maintain<T>(task: (store: SegmentStore) => Promise<T>): Promise<T> {
    return this.parts.maintenance.run(() => {
      this.health.mustBeUsable()
      return this.health.guarded(task(this.store))
    })
  }

  /** @internal Segments were merged: snapshots at bases that are gone go too. Within `maintain`. */
  afterCompaction(): Promise<void> {
    const bases = new Set(this.store.segments.map(({ baseOffset }) => baseOffset))
    return this.parts.work.run(() => this.parts.snapshots.removeStrays(bases))
  }

  /** Waits for what is under way, stores everything and lets go of all files. */
  async close(): Promise<void> {
    if (this.health.isClosed) return
    this.health.isClosed = true
    this.tail.clear()
    if (this.health.isOffline) return
    await this.parts.maintenance.run(() => this.health.guarded(this.closeNow()))
  }

  /** Lets go of everything without storing anything: the directory is about to be deleted. */
  async abandon(): Promise<void> {
    this.health.isClosed = true
    this.tail.clear()
    await this.parts.maintenance.run(() => this.store.abandon())
  }

  /** @internal For what the log is made of. */
  fail(error: unknown): void {
    this.health.fail(error)
  }

  private write(
    bytes: Buffer,
    batches: readonly BatchView[],
    update: ProducerUpdate,
    owner: SharedBytes | null,
  ): Awaitable<void> {
    const { producers, store } = this
    const end = batches[batches.length - 1]!.nextOffset
    if (this.epochs.assignAll(batches)) this.storeEpochs()
    producers.commit(update)
    let written: Awaitable<void>
    try {
      written = store.append(bytes, batches)
    } catch (error) {
      throw this.health.offline(error)
    }
    for (const completed of update.completed) {
      const aborted = producers.complete(completed)
      if (aborted !== null) store.appendAborted(aborted)
    }
    producers.endOffset = end
    this.next = end
    this.tail.add(bytes, batches, owner)
    let records = 0
    for (const batch of batches) records += batch.lastOffsetDelta + 1
    const mustFlush = this.flushing.note(records, this.config.flushMessages)
    if (!(written instanceof Promise) && this.underway === null) {
      this.written = end
      return mustFlush ? this.flush() : undefined
    }
    return this.writeLater(Promise.resolve(written), end, mustFlush)
  }

  private async writeLater(written: Promise<void>, end: number, mustFlush: boolean): Promise<void> {
    const mine = written.then(
      () => {
        this.written = Math.max(this.written, end)
        this.parts.listener.onEndOffset?.()
      },
      (error: unknown) => {
        throw this.health.offline(error)
      },
    )
    this.underway = mine
    try {
      await mine
    } finally {
      if (this.underway === mine) this.underway = null
    }
    if (mustFlush) await this.flush()
  }

  private answerDuplicate(duplicate: ProducerBatch): Awaitable<Appended> {
    const { lastOffset, timestamp } = duplicate
    const result = appended(firstOffsetOf(duplicate), lastOffset, timestamp, this.start, true)
    // What it repeats may still be on its way to the disk.
    return this.underway !== null && lastOffset >= this.written
      ? this.underway.then(() => result)
      : result
  }

  private maybeRoll(sizeBytes: number, batches: readonly BatchView[], nowMs: number): void {
    if (!mustRoll(this.store.active, this.config, this.jitterMs, sizeBytes, batches, nowMs)) return
    this.roll(batches[0]!.baseOffset, nowMs)
  }

  private roll(baseOffset: number, nowMs: number): void {
    const { producers } = this
    this.store.roll(baseOffset, nowMs)
    this.next = Math.max(this.next, baseOffset)
    producers.endOffset = baseOffset
    this.parts.snapshots.take(producers)
    this.jitterMs = drawJitter(this.config, this.parts.entropy)
    // The closed segment becomes durable in the background, and the recovery point moves behind it.
    this.flush().catch(() => {})
  }

  private async closeNow(): Promise<void> {
    await this.underway
    this.parts.snapshots.take(this.producers)
    await this.flushing.flush()
    await this.store.close()
  }

  private async beginAgain(offset: number): Promise<void> {
    const { snapshots, clock, log, listener } = this.parts
    listener.onTruncating?.(offset)
    this.tail.clear()
    await this.store.reset(offset, clock.nowMs())
    await snapshots.removeAll()
    snapshots.noteTaken(offset)
    this.producers.clear(offset)
    if (this.epochs.clear()) this.storeEpochs()
    this.start = offset
    this.endAt(offset)
    log.info('all records are removed', { startOffset: offset })
  }

  private endAt(offset: number): void {
    this.next = offset
    this.written = offset
    this.flushing.endAt(offset)
    this.highWatermarkOffset = Math.min(this.highWatermarkOffset, offset)
    this.producers.transactions.onReplicatedTo(this.highWatermarkOffset)
  }

  private storeEpochs(): void {
    const { work, side } = this.parts
    const text = formatEpochs(this.epochs.entries)
    void work.run(() => side.writeEpochs(text)).catch(() => {})
  }

  private async readFromStore(request: ReadRequest, isolation: Isolation): Promise<LogRead> {
    for (;;) {
      const { segments } = this.store
      const run = await this.health.guarded(Promise.resolve(this.store.read(request)))
      const result = Promise.resolve(this.readResult(run, isolation, NO_OWNERS))
      const read = await this.health.guarded(result)
      // Batches and aborted transactions must be of one state: compaction may have come between.
      if (isolation !== 'committed' || this.store.segments === segments) return read
    }
  }

  /** Compaction changes closed segments, of which the tail would not know. */
  private mayUseTail(offset: number): boolean {
    return !this.config.cleanup.compact || offset >= this.store.active.baseOffset
  }

  private readResult(
    run: ReadRun,
    isolation: Isolation,
    owners: readonly SharedBytes[],
  ): Awaitable<LogRead> {
    const { parts, sizeBytes, startOffset, endOffset } = run
    const result: LogRead = {
      parts,
      sizeBytes,
      startOffset,
      endOffset,
      aborted: null,
      logStartOffset: this.start,
      logEndOffset: this.written,
      highWatermark: this.highWatermarkOffset,
      lastStableOffset: this.lastStableOffset,
      owners,
    }
    return isolation === 'committed' ? withAborted(this.store, result) : result
  }

  private boundOf(isolation: Isolation): number {
    if (isolation === 'logEnd') return this.written
    return isolation === 'committed' ? this.lastStableOffset : this.highWatermarkOffset
  }

  /** Runs with no append under way and none beginning. */
  private whileStill(task: () => Promise<void>): Promise<void> {
    this.health.mustBeUsable()
    return this.parts.maintenance.run(() => {
      const run = async () => {
        await this.underway
        await this.parts.work.done()
        await task()
        await this.parts.listener.onTruncated?.()
      }
      const done = this.health.guarded(run()).finally(() => {
        this.still = null
      })
      this.still = done.catch(() => {})
      return done
    })
  }
}
