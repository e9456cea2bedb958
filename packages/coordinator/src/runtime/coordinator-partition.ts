/**
 * Drives one shard: a queue of events, run one at a time and to completion, and the batches in which their
 * records reach the log.
 *
 *   queue -> decide -> replay -> open batch -> append (one at a time) -> effects -> commit -> response
 *
 * Records are replayed before they are appended, so that the next event sees them and a batch can hold
 * the records of many events: while one append is under way, the next batch fills. If an append fails,
 * the timeline goes back to where its batch began, and all outcomes from there on fail together; since
 * effects are applied only after the append, no timer and no parked request exists for state that does
 * not. An outcome without records shares the fate of the batch it was decided on.
 */
import {
  ApiError,
  assert,
  Timeline,
  type Entropy,
  type Logger,
  type TimelineMark,
  type World,
} from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import { AppendPipeline, splitIntoRuns } from './append-pipeline.ts'
import { CommitQueue } from './commit-queue.ts'
import { appendFailure } from './errors.ts'
import { EventQueue } from './event-queue.ts'
import { KeyedTimers, type KeyedTimer } from './keyed-timers.ts'
import {
  EVENTS_PER_TURN_MAX,
  PARKED_REQUESTS_MAX,
  QUEUED_EVENTS_MAX,
  TIMER_RETRY_MS,
} from './limits.ts'
import type { MetadataChange, MetadataView } from './metadata-view.ts'
import { PARKED, type Outcome, type ShardKinds } from './outcome.ts'
import type {
  LoadedBatch,
  PartitionWriter,
  ProducerStamp,
  RecordCodec,
  SerializedRecord,
} from './partition-writer.ts'
import { recordSizeBytes, type PendingBatch, type PendingOutcome } from './pending-batch.ts'
import { Request, type RequestOptions } from './request.ts'
import type { CoordinatorShard, OperationContext, ReadOperation } from './shard.ts'

export interface PartitionEnvironment<S extends CoordinatorShard<K>, K extends ShardKinds> {
  readonly world: Pick<World, 'clock' | 'timers' | 'entropy'>
  readonly log: Logger
  readonly writer: PartitionWriter
  readonly codec: RecordCodec<K['record']>
  createShard(partition: number, timeline: Timeline): S
  /** Does the work; its result comes back as an event. Must not reject. */
  runTask(partition: number, leaderEpoch: number, task: K['task']): Promise<K['event']>
  metadata(): MetadataView
  /** The shard cannot go on with the state it has. */
  reload(partition: CoordinatorPartition<S, K>, reason: unknown): void
  /** An operation or a replay threw what it must not throw. */
  onBug(error: unknown, partition: CoordinatorPartition<S, K>): void
}

export type PartitionState = 'loading' | 'active' | 'closed'

export class CoordinatorPartition<S extends CoordinatorShard<K>, K extends ShardKinds> {
  readonly partition: number
  readonly leaderEpoch: number
  state: PartitionState = 'loading'
  private readonly environment: PartitionEnvironment<S, K>
  private readonly timeline = new Timeline()
  readonly shard: S
  private readonly entropy: Entropy
  private readonly timers: KeyedTimers<K['event']>
  private readonly parked = new Map<number, Request<K>>()
  private readonly commits = new CommitQueue()
  private readonly queue = new EventQueue<Request<K>>()
  private turnScheduled = false
  private readonly pipeline: AppendPipeline<K>
  private committedOffset = 0
  private nextRequestId = 0

  constructor(environment: PartitionEnvironment<S, K>, partition: number, leaderEpoch: number) {
    this.environment = environment
    this.partition = partition
    this.leaderEpoch = leaderEpoch
    this.shard = environment.createShard(partition, this.timeline)
    this.entropy = environment.world.entropy.fork(`shard-${partition}-${leaderEpoch}`)
    this.timers = new KeyedTimers(environment.world.timers, (timer) => this.onTimer(timer))
    this.pipeline = new AppendPipeline(partition, leaderEpoch, environment.writer, {
      onAppended: (outcomes) => this.onAppended(outcomes),
      onAppendFailed: (batches, error) => this.undo(batches, error),
      onDiverged: (problem) => environment.reload(this, problem),
    })
  }

  get queuedEvents(): number {
    return this.queue.length
  }

  get parkedRequests(): number {
    return this.parked.size
  }

  get armedTimers(): number {
    return this.timers.size
  }

  /** Replays the log. Ends early, without a trace, when the partition is closed meanwhile. */
  async load(): Promise<void> {
    const { writer, codec, metadata } = this.environment
    const highWatermark = writer.highWatermark(this.partition)
    for await (const batch of writer.load(this.partition, this.leaderEpoch)) {
      if (this.state !== 'loading') return
      // What is not committed may be asked for as it was before.
      if (batch.nextOffset > highWatermark) this.timeline.mark(batch.baseOffset)
      this.replayLoaded(batch, codec)
    }
    if (this.state !== 'loading') return
    this.pipeline.nextOffset = writer.endOffset(this.partition)
    this.timeline.mark(this.pipeline.nextOffset)
    this.state = 'active'
    this.onHighWatermark(writer.highWatermark(this.partition))
    const onLoaded = (context: OperationContext) => this.shard.onLoaded(metadata(), context)
    this.queue.pushUrgent(this.internal('loading', onLoaded))
  }

  enqueue(
    options: RequestOptions<K>,
    resolve: (response: unknown) => void,
    reject: (error: ApiError) => void,
  ): void {
    const refusal = this.refusal()
    if (refusal !== null) return reject(refusal)
    if (this.queue.length >= QUEUED_EVENTS_MAX) {
      return reject(
        new ApiError(ErrorCode.COORDINATOR_NOT_AVAILABLE, 'too many events are waiting'),
      )
    }
    const { clock } = this.environment.world
    this.queue.push(new Request(options, clock.monotonicMs(), resolve, reject))
    this.scheduleTurn()
  }

  read<T>(operation: ReadOperation<S, T>): T {
    const refusal = this.refusal()
    if (refusal !== null) throw refusal
    return operation(this.shard, this.committedOffset, this.environment.world.clock.nowMs())
  }

  onMetadata(view: MetadataView, change: MetadataChange): void {
    if (this.state !== 'active') return
    const operation = (context: OperationContext) => this.shard.onMetadata(view, change, context)
    this.queue.push(this.internal('change of metadata', operation))
  }

  onHighWatermark(offset: number): void {
    if (this.state !== 'active' || offset <= this.committedOffset) return
    this.committedOffset = offset
    this.timeline.forgetBefore(offset)
    this.commits.advance(offset)
  }

  close(error: ApiError): void {
    if (this.state === 'closed') return
    this.state = 'closed'
    this.timers.cancelAll()
    const { parked } = this
    this.commits.failAll(error)
    for (const batch of this.pipeline.close())
      for (const { request } of batch.outcomes) request.reject(error)
    for (const request of this.queue.takeAll()) request.reject(error)
    for (const request of parked.values()) request.reject(error)
    parked.clear()
    this.shard.onUnloaded()
  }

  private refusal(): ApiError | null {
    if (this.state === 'active') return null
    const loading = this.state === 'loading'
    return new ApiError(
      loading ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : ErrorCode.NOT_COORDINATOR,
    )
  }

  private replayLoaded(batch: LoadedBatch, codec: RecordCodec<K['record']>): void {
    const { producerId, producerEpoch, marker } = batch
    if (marker !== null) this.shard.replayTransactionMarker(producerId, producerEpoch, marker)
    for (const { key, value, offset, timestampMs } of batch.records) {
      const record = codec.decode(key, value)
      if (record === null) continue
      this.shard.replay(record, { offset, producerId, producerEpoch, timestampMs })
    }
  }

  /** An event nobody outside waits for. */
  private internal(
    name: string,
    operation: (context: OperationContext) => Outcome<K, unknown>,
    timer: KeyedTimer<K['event']> | null = null,
  ): Request<K> {
    const onReject = (error: ApiError) => {
      if (this.state === 'closed') return
      this.environment.log.warn(`${name} failed`, { errorCode: error.errorCode })
      if (timer !== null) this.timers.armAgain(timer, TIMER_RETRY_MS)
    }
    const options = timer === null ? { name, operation } : { name, operation, timer }
    const now = this.environment.world.clock.monotonicMs()
    this.scheduleTurn()
    return new Request<K>(options, now, () => {}, onReject)
  }

  private onTimer(timer: KeyedTimer<K['event']>): void {
    const operation = (context: OperationContext) => this.shard.onEvent(timer.event, context)
    this.queue.push(this.internal(`timer ${timer.key}`, operation, timer))
  }

  private scheduleTurn(): void {
    if (this.turnScheduled) return
    this.turnScheduled = true
    this.environment.world.timers.defer(() => this.turn())
  }

  /** Runs what is ready; the batch goes out when nothing is left. */
  private turn(): void {
    this.turnScheduled = false
    const waiting: Request<K>[] = []
    for (let count = 0; count < EVENTS_PER_TURN_MAX; count++) {
      const request = this.queue.shift()
      if (request === undefined) break
      this.execute(request)
      if (!request.settled) waiting.push(request)
    }
    if (this.queue.length > 0) this.scheduleTurn()
    this.pipeline.flush()
    for (const request of waiting) this.limitWait(request)
  }

  private limitWait(request: Request<K>): void {
    const { timeoutMs } = request.options
    if (timeoutMs === undefined || request.settled || this.parked.has(request.id)) return
    const { timers, clock } = this.environment.world
    const delayMs = Math.max(0, timeoutMs - (clock.monotonicMs() - request.queuedAtMs))
    request.limitWait(() =>
      timers.schedule(delayMs, () =>
        request.reject(appendFailure(new ApiError(ErrorCode.REQUEST_TIMED_OUT))),
      ),
    )
  }

  private execute(request: Request<K>): void {
    if (request.settled) return
    const { operation, timer, mayPark } = request.options
    if (timer !== undefined && !this.timers.take(timer)) return
    if (mayPark === true && this.parked.size >= PARKED_REQUESTS_MAX) {
      request.reject(new ApiError(ErrorCode.COORDINATOR_NOT_AVAILABLE, 'too many requests wait'))
      return
    }
    request.id = this.nextRequestId++
    if (operation === null) return this.endTransaction(request)
    const mark = this.timeline.mark(this.pipeline.nextOffset)
    const { clock } = this.environment.world
    const context = { nowMs: clock.nowMs(), entropy: this.entropy, requestId: request.id }
    try {
      const outcome = operation(context)
      if (outcome.records.length === 0) this.complete(request, outcome)
      else this.tryWrite(request, outcome, mark)
    } catch (error) {
      if (!(error instanceof ApiError)) return this.onBug(error, request)
      this.timeline.revertTo(mark)
      request.reject(error)
    }
  }

  private tryWrite(request: Request<K>, outcome: Outcome<K, unknown>, mark: TimelineMark): void {
    try {
      this.write(request, outcome, mark)
    } catch (error) {
      // Too large for the log; nothing was replayed yet.
      if (!(error instanceof ApiError)) throw error
      this.timeline.revertTo(mark)
      this.onNotAppended(request, outcome, appendFailure(error))
    }
  }

  private write(request: Request<K>, outcome: Outcome<K, unknown>, mark: TimelineMark): void {
    const { pipeline, environment, shard } = this
    const encoded = outcome.records.map((record) => environment.codec.encode(record))
    const atomic = outcome.atomic !== false
    const nowMs = environment.world.clock.nowMs()
    let next = 0
    let runMark = mark
    for (const run of splitIntoRuns(encoded, atomic, pipeline.batchSizeMaxBytes())) {
      const batch = pipeline.openBatch(request, recordsSizeBytes(run), runMark, nowMs)
      const { producerId, producerEpoch } = batch.producer ?? NO_PRODUCER
      for (const record of run) {
        const offset = pipeline.nextOffset++
        const meta = { offset, producerId, producerEpoch, timestampMs: batch.timestampMs }
        shard.replay(outcome.records[next++]!, meta)
        batch.add(record)
      }
      runMark = this.timeline.mark(pipeline.nextOffset)
    }
    this.complete(request, outcome)
  }

  private endTransaction(request: Request<K>): void {
    const { pipeline, timeline } = this
    const mark = timeline.mark(pipeline.nextOffset)
    const nowMs = this.environment.world.clock.nowMs()
    const { producer, marker } = pipeline.openBatch(request, 0, mark, nowMs)
    assert(producer !== null && marker !== null, 'a marker belongs to a producer')
    const { producerId, producerEpoch } = producer
    this.shard.replayTransactionMarker(producerId, producerEpoch, marker.outcome)
    pipeline.nextOffset++
    timeline.mark(pipeline.nextOffset)
    this.complete(request, { records: [], response: undefined, effects: [] })
  }

  /** The outcome stands; it takes effect with the batch that was open when it was decided. */
  private complete(request: Request<K>, outcome: Outcome<K, unknown>): void {
    const { newest, nextOffset } = this.pipeline
    const pending = { request, outcome, offset: nextOffset }
    if (newest === undefined) return this.apply(pending)
    newest.outcomes.push(pending)
    for (const effect of outcome.effects) {
      if (effect.kind === 'arm' || effect.kind === 'cancel') this.timers.supersede(effect.key)
    }
  }

  private onAppended(outcomes: readonly PendingOutcome<K>[]): void {
    for (const pending of outcomes) {
      for (const effect of pending.outcome.effects) {
        if (effect.kind === 'arm' || effect.kind === 'cancel') this.timers.settle(effect.key)
      }
      this.apply(pending)
    }
  }

  private undo(batches: readonly PendingBatch<K>[], error: unknown): void {
    this.timeline.revertTo(batches[0]!.mark)
    let failure: ApiError
    try {
      failure = appendFailure(error)
    } catch (bug) {
      return this.environment.onBug(bug, this)
    }
    for (const { outcomes } of batches) {
      for (const { request, outcome } of outcomes) {
        for (const effect of outcome.effects) {
          if (effect.kind === 'arm' || effect.kind === 'cancel') this.timers.reinstate(effect.key)
        }
        this.onNotAppended(request, outcome, failure)
      }
    }
  }

  private onNotAppended(
    request: Request<K>,
    outcome: Outcome<K, unknown>,
    failure: ApiError,
  ): void {
    request.reject(failure)
    if (outcome.onAppendFailed === undefined) return
    const event = outcome.onAppendFailed(failure.errorCode)
    const operation = (context: OperationContext) => this.shard.onEvent(event, context)
    this.queue.pushUrgent(this.internal(`after failed ${request.options.name}`, operation))
  }

  private apply({ request, outcome, offset }: PendingOutcome<K>): void {
    if (outcome.response === PARKED) {
      request.waitOn()
      this.parked.set(request.id, request)
    }
    for (const effect of outcome.effects) {
      switch (effect.kind) {
        case 'arm':
          this.timers.arm(effect.key, effect.delayMs, effect.event)
          break
        case 'cancel':
          this.timers.cancel(effect.key)
          break
        case 'release':
          this.release(effect.requestId, effect.response, offset)
          break
        case 'task':
          this.startTask(effect.task)
          break
      }
    }
    if (outcome.response !== PARKED) {
      this.commits.add(offset, this.committedOffset, request, outcome.response)
    }
  }

  private release(requestId: number, response: unknown, offset: number): void {
    const request = this.parked.get(requestId)
    assert(request !== undefined, `request ${requestId} is not parked`)
    this.parked.delete(requestId)
    this.commits.add(offset, this.committedOffset, request, response)
  }

  private startTask(task: K['task']): void {
    const done = this.environment.runTask(this.partition, this.leaderEpoch, task)
    done.then(
      (event) => {
        if (this.state !== 'active') return
        const operation = (context: OperationContext) => this.shard.onEvent(event, context)
        this.queue.push(this.internal('task result', operation))
      },
      (error: unknown) => this.environment.onBug(error, this),
    )
  }

  private onBug(error: unknown, request: Request<K>): void {
    request.reject(new ApiError(ErrorCode.UNKNOWN_SERVER_ERROR))
    this.environment.onBug(error, this)
  }
}

const NO_PRODUCER: ProducerStamp = { producerId: -1, producerEpoch: -1 }

function recordsSizeBytes(records: readonly SerializedRecord[]): number {
  let sizeBytes = 0
  for (const record of records) sizeBytes += recordSizeBytes(record)
  return sizeBytes
}
