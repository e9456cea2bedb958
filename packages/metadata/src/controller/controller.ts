/**
 * Runs the controller's decisions on this node while it leads the metadata log. Each operation decides on
 * the state after all earlier ones, committed or not; its records are applied to that state at once and
 * appended; its response is held back until they are committed and this node has acted on them.
 *
 *   decide (pure) -> records applied to `latest`, appended -> committed -> published -> response
 *
 * When the epoch ends, everything decided but not committed is dropped with `latest`, and all who wait are
 * told that this is not the controller: they will ask the next one.
 */
import { ApiError, type Entropy, type Logger, type TimerHandle, type World } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import type { BrokerConfig } from '../configs/broker-config.ts'
import type { ClusterMetadata, MetadataObserver } from '../cluster/cluster-metadata.ts'
import {
  type ClusterImage,
  configKey,
  configsOf,
  EMPTY_IMAGE,
  ResourceType,
} from '../image/cluster-image.ts'
import { ImageBuilder } from '../image/image-builder.ts'
import type { Leadership } from '../log/metadata-log.ts'
import { type MetadataRecord, metadataRecord } from '../records/metadata-record.ts'
import { BrokerSessions } from './broker-sessions.ts'
import { fenceStaleBroker, nextExpiryMs } from './brokers.ts'
import type { ControllerContext } from './context.ts'
import { balanceLeaders, electUncleanLeaders } from './elections.ts'
import { MAX_PENDING_OPERATIONS } from './limits.ts'
import { apiError, type Outcome } from './outcome.ts'
import { PeriodicTask } from './periodic-task.ts'
import type { Policies } from './policies.ts'

export interface ControllerOptions {
  readonly world: Pick<World, 'clock' | 'timers' | 'entropy' | 'log'>
  readonly metadata: ClusterMetadata
  readonly nodeId: number
  readonly clusterId: string
  /** The settings of this node's file. */
  readonly config: BrokerConfig
  /** What a cluster begins with; see `bootstrapRecords`. */
  readonly bootstrap: readonly MetadataRecord[]
  readonly policies?: Policies
}

interface Pending {
  readonly offset: number
  done(): void
  fail(error: Error): void
}

export class Controller implements MetadataObserver {
  private readonly options: ControllerOptions
  private readonly logger: Logger
  private readonly entropy: Entropy
  private readonly metadata: ClusterMetadata
  private readonly sessions = new BrokerSessions()
  private readonly tasks: readonly PeriodicTask[]
  private readonly pending: Pending[] = []
  /** The epoch in which this node leads; null while it does not. */
  private epoch: number | null = null
  private latest: ClusterImage = EMPTY_IMAGE
  private nextOffset = 0
  private config: BrokerConfig
  private sessionTimer: TimerHandle | null = null
  private closed = false

  constructor(options: ControllerOptions) {
    this.options = options
    this.metadata = options.metadata
    this.config = options.config
    this.logger = options.world.log.child(`controller ${options.nodeId}`)
    this.entropy = options.world.entropy.fork('controller')
    this.tasks = this.periodicTasks()
    options.metadata.addObserver(this)
  }

  get isActive(): boolean {
    return this.epoch !== null
  }

  /**
   * Decides now; resolves to the response once it holds. Rejects with the `ApiError` that the decision
   * threw, or with NOT_CONTROLLER. `name` is for log lines.
   */
  run<T>(name: string, decide: (context: ControllerContext) => Outcome<T>): Promise<T> {
    if (this.epoch === null) return Promise.reject(notController())
    if (this.pending.length >= MAX_PENDING_OPERATIONS) {
      return Promise.reject(
        apiError(
          ErrorCode.REQUEST_TIMED_OUT,
          'The controller has too much to do; try again later.',
        ),
      )
    }
    try {
      const { records, response } = decide(this.context())
      return this.commit(name, records).then(() => response)
    } catch (error) {
      if (!(error instanceof ApiError)) this.logger.error(`${name} failed`, { error })
      return Promise.reject(error)
    }
  }

  close(): void {
    this.closed = true
    this.deactivate()
  }

  onLoaded(offset: number, epoch: number): void {
    // Another controller wrote where this one meant to; that it is deposed may be told only later.
    if (this.epoch !== null && epoch > this.epoch) this.deactivate()
    let done = 0
    while (done < this.pending.length && this.pending[done]!.offset <= offset) done++
    for (const each of this.pending.splice(0, done)) each.done()
  }

  onLeadership({ leaderId, epoch }: Leadership): void {
    if (this.epoch !== null && epoch > this.epoch) this.deactivate()
    const isNew = this.epoch === null
    if (leaderId === this.options.nodeId && isNew && !this.closed) this.activate(epoch)
  }

  onFailure(): void {
    this.deactivate()
  }

  private activate(epoch: number): void {
    this.epoch = epoch
    this.latest = this.metadata.image
    this.nextOffset = this.metadata.log.endOffset
    this.config = this.configOf(this.latest)
    const now = this.options.world.clock.monotonicMs()
    // Nobody knows when a broker last spoke to the controller before: each gets a whole session.
    for (const id of this.latest.brokers.keys()) this.sessions.touch(id, now, -1)
    this.logger.info('leads the metadata log', { epoch, offset: this.nextOffset })
    const records = this.activationRecords()
    if (records.length > 0) {
      this.commit('activation', records).catch((error: unknown) => {
        this.logger.warn('activation was cut short', { error })
      })
    }
    for (const task of this.tasks) task.start()
    this.scheduleSessions()
  }

  private deactivate(): void {
    if (this.epoch === null) return
    this.logger.info('leads the metadata log no more', { epoch: this.epoch })
    this.epoch = null
    this.latest = EMPTY_IMAGE
    this.sessions.clear()
    this.sessionTimer?.cancel()
    this.sessionTimer = null
    for (const task of this.tasks) task.stop()
    for (const each of this.pending.splice(0)) each.fail(notController())
  }

  /** The first controller of a cluster writes what it begins with; any other cleans up. */
  private activationRecords(): readonly MetadataRecord[] {
    if (this.metadata.isInTransaction) {
      const reason = 'the controller that began it is gone'
      return [metadataRecord('AbortTransactionRecord', 0, { reason })]
    }
    return this.latest.features.size === 0 ? this.options.bootstrap : []
  }

  private commit(name: string, records: readonly MetadataRecord[]): Promise<void> {
    const epoch = this.epoch!
    if (records.length > 0) this.apply(records, epoch)
    const offset = this.nextOffset - 1
    if (records.length === 0 && this.pending.length === 0) return Promise.resolve()
    const done = new Promise<void>((resolve, reject) => {
      this.pending.push({ offset, done: resolve, fail: reject })
    })
    if (records.length > 0) {
      this.logger.debug(name, { records: records.length, offset })
      this.metadata.log
        .append(records, epoch)
        .catch((error: Error) => this.appendFailed(epoch, error))
    }
    return done
  }

  /** A record that cannot be applied throws here, before anything is appended. */
  private apply(records: readonly MetadataRecord[], epoch: number): void {
    const builder = new ImageBuilder(this.latest)
    for (const record of records) builder.replay(record)
    const offset = this.nextOffset + records.length - 1
    const before = this.latest
    this.latest = builder.build({ offset, epoch, timestampMs: this.options.world.clock.nowMs() })
    this.nextOffset = offset + 1
    if (this.hasOtherSettings(before)) this.config = this.configOf(this.latest)
    if (before.brokers !== this.latest.brokers) this.scheduleSessions()
  }

  private appendFailed(epoch: number, error: Error): void {
    if (this.epoch !== epoch) return
    this.logger.warn('an append to the metadata log failed', { epoch, error })
    this.deactivate()
    // What was decided after it stands on records that do not exist; only a new epoch starts clean.
    this.metadata.log.resign(epoch).catch((failure: unknown) => {
      this.logger.warn('could not give up leadership', { error: failure })
    })
  }

  private context(): ControllerContext {
    const { nodeId, clusterId, world, policies } = this.options
    return {
      nodeId,
      clusterId,
      image: this.latest,
      config: this.config,
      entropy: this.entropy,
      nowMs: world.clock.nowMs(),
      monotonicMs: world.clock.monotonicMs(),
      nextOffset: this.nextOffset,
      sessions: this.sessions,
      ...(policies === undefined ? {} : { policies }),
    }
  }

  private hasOtherSettings(before: ClusterImage): boolean {
    if (before.configs === this.latest.configs) return false
    return [this.options.nodeId, ''].some((name) => {
      const key = configKey(ResourceType.BROKER, String(name))
      return before.configs.get(key) !== this.latest.configs.get(key)
    })
  }

  private configOf(image: ClusterImage): BrokerConfig {
    const of = (name: string) => configsOf(image, ResourceType.BROKER, name)
    return this.options.config.withDynamic(of(''), of(String(this.options.nodeId)))
  }

  /** Wakes up when the next session ends, unless its broker speaks before. */
  private scheduleSessions(): void {
    if (this.epoch === null) return
    this.sessionTimer?.cancel()
    this.sessionTimer = null
    const context = this.context()
    const next = nextExpiryMs(context)
    if (next === null) return
    const delayMs = Math.max(1, next - context.monotonicMs)
    this.sessionTimer = this.options.world.timers.schedule(delayMs, () => this.checkSessions())
  }

  private checkSessions(): void {
    this.sessionTimer = null
    this.run('fenceStaleBroker', fenceStaleBroker)
      .catch((error: unknown) => this.logger.warn('fencing failed', { error }))
      .finally(() => this.scheduleSessions())
  }

  private periodicTasks(): readonly PeriodicTask[] {
    const { world, config } = this.options
    const tasks = [
      new PeriodicTask(world.timers, config.get('unclean.leader.election.interval.ms'), () =>
        this.runTask('electUncleanLeaders', electUncleanLeaders),
      ),
    ]
    if (config.get('auto.leader.rebalance.enable')) {
      const intervalMs = config.get('leader.imbalance.check.interval.seconds') * 1000
      tasks.push(
        new PeriodicTask(world.timers, intervalMs, () =>
          this.runTask('balanceLeaders', balanceLeaders),
        ),
      )
    }
    return tasks
  }

  /** Until there is nothing more to do at once. */
  private async runTask(
    name: string,
    decide: (context: ControllerContext) => Outcome<{ readonly more: boolean }>,
  ): Promise<void> {
    try {
      while (this.epoch !== null) {
        const { more } = await this.run(name, decide)
        if (!more) return
      }
    } catch (error) {
      this.logger.warn(`${name} failed`, { error })
    }
  }
}

function notController(): ApiError {
  return apiError(ErrorCode.NOT_CONTROLLER)
}
