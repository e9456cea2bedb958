/**
 * This broker's place in the cluster: registers it, tells the controller that it lives, and takes its leave.
 *
 *   start ──> registering ──> fenced ──(caught up)──> in service ──leave──> leaving ──> gone
 *
 * A broker in service is one that clients may be sent to. Leaving, it first hands over what it leads.
 */
import { ApiError, randomUuid, type TimerHandle, type World } from '@barnabas/base'
import { brokerHeartbeat, registerBroker } from '@barnabas/metadata'
import {
  BrokerHeartbeatRequest,
  type BrokerHeartbeatResponse,
  BrokerRegistrationRequest,
  type BrokerRegistrationRequestFeature,
  type BrokerRegistrationRequestListener,
  ErrorCode,
  type Uuid,
} from '@barnabas/protocol'
import type { ControllerPort } from '../controller/controller-port.ts'
import { REGISTRATION_RETRY_MS } from '../limits.ts'

export interface BrokerLifecycleOptions {
  readonly world: Pick<World, 'timers' | 'clock' | 'entropy' | 'log'>
  readonly nodeId: number
  readonly clusterId: string
  readonly controller: ControllerPort
  readonly listeners: readonly BrokerRegistrationRequestListener[]
  readonly features: readonly BrokerRegistrationRequestFeature[]
  readonly rack: string | null
  readonly logDirs: readonly Uuid[]
  /** Of the life before this one, when that ended in order; -1 else. */
  readonly previousEpoch: number
  /** `broker.heartbeat.interval.ms` */
  readonly heartbeatMs: number
  /** `initial.broker.registration.timeout.ms` */
  readonly registrationTimeoutMs: number
  /** How far this broker has followed the metadata. */
  metadataOffset(): number
  offlineLogDirs(): Uuid[]
}

export class BrokerLifecycle {
  private readonly options: BrokerLifecycleOptions
  private readonly incarnationId: Uuid
  private epoch = -1
  private isFenced = true
  private timer: TimerHandle | null = null
  private beating: Promise<BrokerHeartbeatResponse> | null = null
  private ended = false

  constructor(options: BrokerLifecycleOptions) {
    this.options = options
    this.incarnationId = randomUuid(options.world.entropy)
  }

  /** -1 before the broker is registered. */
  get brokerEpoch(): number {
    return this.epoch
  }

  get isInService(): boolean {
    return !this.isFenced && !this.ended
  }

  /** Resolves when the broker is in service. */
  async start(): Promise<void> {
    await this.registerInTime()
    while (this.isFenced && !this.ended) {
      await this.beat(false)
      if (this.isFenced) await this.pause(REGISTRATION_RETRY_MS)
    }
    this.scheduleBeat()
  }

  /** Hands over what this broker leads. Resolves when the controller lets it go, or the time is up. */
  async leave(timeoutMs: number): Promise<void> {
    this.timer?.cancel()
    if (this.epoch < 0 || this.ended) return
    const { world } = this.options
    const limitMs = world.clock.monotonicMs() + timeoutMs
    while (world.clock.monotonicMs() < limitMs) {
      const response = await this.beat(true).catch(() => null)
      if (response === null || response.shouldShutDown) break
      await this.pause(REGISTRATION_RETRY_MS)
    }
    this.end()
  }

  /** No word any more; the controller will notice. */
  end(): void {
    this.ended = true
    this.timer?.cancel()
  }

  private async registerInTime(): Promise<void> {
    const { world, registrationTimeoutMs } = this.options
    const limitMs = world.clock.monotonicMs() + registrationTimeoutMs
    for (;;) {
      try {
        await this.register()
        return
      } catch (error) {
        if (!isTemporary(error) || world.clock.monotonicMs() >= limitMs) throw error
        world.log.debug('the broker cannot be registered yet', { error })
        await this.pause(REGISTRATION_RETRY_MS)
      }
    }
  }

  private async register(): Promise<void> {
    const { options, incarnationId } = this
    const request = BrokerRegistrationRequest.create({
      brokerId: options.nodeId,
      clusterId: options.clusterId,
      incarnationId,
      listeners: [...options.listeners],
      features: [...options.features],
      rack: options.rack,
      logDirs: [...options.logDirs],
      previousBrokerEpoch: options.previousEpoch,
    })
    const { brokerEpoch } = await options.controller.run('registerBroker', (context) =>
      registerBroker(context, request),
    )
    this.epoch = brokerEpoch
    options.world.log.info('the broker is registered', { brokerId: options.nodeId, brokerEpoch })
  }

  private scheduleBeat(): void {
    if (this.ended) return
    const { world, heartbeatMs } = this.options
    this.timer = world.timers.schedule(heartbeatMs, () => {
      this.beat(false)
        .catch((error: unknown) => this.onMissedBeat(error))
        .finally(() => this.scheduleBeat())
    })
  }

  private async onMissedBeat(error: unknown): Promise<void> {
    const { world } = this.options
    world.log.warn('a heartbeat did not reach the controller', { error })
    const isForgotten =
      error instanceof ApiError && error.errorCode === ErrorCode.STALE_BROKER_EPOCH
    if (!isForgotten || this.ended) return
    await this.register().catch((failure: unknown) => {
      world.log.warn('the broker cannot be registered again', { error: failure })
    })
  }

  /** One at a time. */
  private async beat(wantShutDown: boolean): Promise<BrokerHeartbeatResponse> {
    await this.beating?.catch(() => {})
    const { controller, nodeId, metadataOffset, offlineLogDirs } = this.options
    const request = BrokerHeartbeatRequest.create({
      brokerId: nodeId,
      brokerEpoch: this.epoch,
      currentMetadataOffset: metadataOffset(),
      wantShutDown,
      offlineLogDirs: offlineLogDirs(),
    })
    this.beating = controller.run('brokerHeartbeat', (context) => brokerHeartbeat(context, request))
    const response = await this.beating
    this.isFenced = response.isFenced
    return response
  }

  private pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => this.options.world.timers.schedule(durationMs, resolve))
  }
}

/** There is no controller right now, or it takes the former life of this broker for alive. */
function isTemporary(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    (error.errorCode === ErrorCode.NOT_CONTROLLER ||
      error.errorCode === ErrorCode.REQUEST_TIMED_OUT ||
      error.errorCode === ErrorCode.DUPLICATE_BROKER_REGISTRATION)
  )
}
