/**
 * Drives the managers of one client: polls them when something has happened or their time has come, sends
 * what they ask for, and owns the connections. Everything runs on the caller's thread, in microtasks and
 * timers of the world.
 */
import { BufferPool, type Endpoint, type TimerHandle, type World } from '@barnabas/base'
import { IdleSweep } from '@barnabas/network'
import { MetadataManager } from '../cluster/metadata-manager.ts'
import { channels } from '../diagnostics.ts'
import { abortReason, ClosedError, ConnectionError, TimeoutError } from '../errors.ts'
import { POOL_IDLE_BYTES } from '../limits.ts'
import type { ClientSettings } from '../options.ts'
import type { SaslMechanism } from '../sasl/mechanism.ts'
import { BrokerLink, type LinkContext } from './broker-link.ts'
import type { BrokerVersions } from './broker-versions.ts'
import { KeepAlive } from './keep-alive.ts'
import { Lane } from './lane.ts'
import type { ClientRequest, Outbox, RequestManager } from './request.ts'

/** Ids of bootstrap servers, which are not yet known as brokers: -1, -2, ... */
const BOOTSTRAP_ID = -1

interface Waiter {
  check(): boolean
  fail(error: Error): void
}

export interface WaitOptions {
  timeoutMs: number
  signal?: AbortSignal | undefined
  /** What is waited for, for the text of the time-out. */
  what: string
}

export class ClientLoop implements Outbox {
  readonly world: World
  readonly settings: ClientSettings
  readonly metadata: MetadataManager
  /** For calls that any broker can answer quickly. */
  readonly generalLane = new Lane('general')
  private readonly context: LinkContext
  private readonly links = new Map<Lane, Map<number, BrokerLink>>()
  private readonly managers = new Set<RequestManager>()
  private readonly waiters = new Set<Waiter>()
  private readonly alive = new KeepAlive()
  private timer: TimerHandle | null = null
  private timerAtMs = Number.POSITIVE_INFINITY
  private scheduled = false
  private closed = false

  constructor(world: World, settings: ClientSettings, sasl: SaslMechanism | null) {
    this.world = world
    this.settings = settings
    const idleSweep = new IdleSweep(world.clock, world.timers, settings.connectionsMaxIdleMs)
    const pool = new BufferPool(POOL_IDLE_BYTES)
    const onEvent = () => this.wake()
    this.context = { world, settings, sasl, pool, idleSweep, onEvent }
    this.metadata = new MetadataManager(settings, this.generalLane, world.entropy)
    this.metadata.onChange = () => this.onMetadata()
    this.metadata.onWanted = () => this.wake()
    this.metadata.onRetry = (error, failures, waitMs) =>
      this.noteRetry('metadata', error, failures, waitMs)
    this.managers.add(this.metadata)
  }

  get nowMs(): number {
    return this.world.clock.monotonicMs()
  }

  get isClosed(): boolean {
    return this.closed
  }

  add(manager: RequestManager): void {
    this.managers.add(manager)
    this.wake()
  }

  remove(manager: RequestManager): void {
    this.managers.delete(manager)
  }

  /** Polls all managers soon: in a microtask, once for all that happens before. */
  wake(): void {
    if (this.scheduled || this.closed) return
    this.scheduled = true
    queueMicrotask(() => this.run())
  }

  send(request: ClientRequest): void {
    const link =
      request.target === 'any'
        ? this.leastLoaded(request.lane)
        : this.link(request.target, request.lane)
    if (link === null) {
      const error = new ConnectionError(`node ${request.target} is not known`, {
        hint: 'the metadata is being refreshed',
      })
      this.metadata.requestUpdate()
      request.onFailure(error, { nowMs: this.nowMs, nodeId: null })
      this.wake()
    } else link.send(request)
  }

  isReady(nodeId: number, lane: Lane): boolean {
    return this.link(nodeId, lane)?.isReady() ?? false
  }

  /** What a broker speaks, as far as the lane is connected to it. */
  versionsOf(nodeId: number, lane: Lane): BrokerVersions | null {
    return this.links.get(lane)?.get(nodeId)?.versions ?? null
  }

  /** Resolves when `condition` holds; it is looked at after each round of polls. */
  waitFor(condition: () => boolean, options: WaitOptions): Promise<void> {
    if (condition()) return Promise.resolve()
    const { timeoutMs, signal, what } = options
    if (signal?.aborted) return Promise.reject(abortReason(signal))
    if (this.closed) return Promise.reject(new ClosedError('client'))
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.waiters.delete(waiter)
        this.alive.release()
        timer.cancel()
        signal?.removeEventListener('abort', onAbort)
      }
      const fail = (error: Error) => {
        settle()
        reject(error)
      }
      const onAbort = () => fail(abortReason(signal!))
      const waiter: Waiter = {
        check() {
          try {
            if (!condition()) return false
          } catch (error) {
            fail(error as Error)
            return true
          }
          settle()
          resolve()
          return true
        },
        fail,
      }
      const timer = this.world.timers.schedule(timeoutMs, () =>
        fail(new TimeoutError(`${what} took longer than ${timeoutMs} ms`)),
      )
      signal?.addEventListener('abort', onAbort, { once: true })
      this.waiters.add(waiter)
      this.alive.hold()
      this.wake()
    })
  }

  /** Keeps the process running until `release`. */
  hold(): void {
    this.alive.hold()
  }

  release(): void {
    this.alive.release()
  }

  async sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    const untilMs = this.nowMs + durationMs
    let over = false
    const timer = this.world.timers.schedule(untilMs - this.nowMs, () => {
      over = true
      this.wake()
    })
    try {
      const what = 'a pause'
      await this.waitFor(() => over, { timeoutMs: durationMs * 2 + 60_000, signal, what })
    } finally {
      timer.cancel()
    }
  }

  /** Closes the connections of one lane, whose holder is gone. */
  closeLane(lane: Lane): void {
    const links = this.links.get(lane)
    this.links.delete(lane)
    for (const link of links?.values() ?? []) link.close(new ClosedError('client'))
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.timer?.cancel()
    const error = new ClosedError('client')
    for (const lane of [...this.links.keys()]) this.closeLane(lane)
    for (const waiter of [...this.waiters]) waiter.fail(error)
    this.managers.clear()
    this.alive.dispose()
  }

  noteRetry(what: string, error: Error, failures: number, waitMs: number): void {
    const { clientId } = this.settings
    if (channels.retry.hasSubscribers) {
      channels.retry.publish({ clientId, what, failures, waitMs, error })
    }
    this.world.log.debug(`${what} is tried again`, { failures, waitMs, error: error.message })
  }

  private run(): void {
    this.scheduled = false
    if (this.closed) return
    const nowMs = this.nowMs
    let nextMs = Number.POSITIVE_INFINITY
    for (const manager of this.managers) {
      nextMs = Math.min(nextMs, manager.poll(nowMs, this))
    }
    for (const waiter of this.waiters) waiter.check()
    // A manager that was polled before another one acted on the same news.
    if (!this.scheduled) this.arm(nextMs, nowMs)
  }

  private arm(atMs: number, nowMs: number): void {
    if (this.timer !== null) {
      if (this.timerAtMs <= atMs && this.timerAtMs > nowMs) return
      this.timer.cancel()
      this.timer = null
    }
    this.timerAtMs = atMs
    if (atMs === Number.POSITIVE_INFINITY) return
    this.timer = this.world.timers.schedule(Math.max(0, atMs - nowMs), () => {
      this.timer = null
      this.timerAtMs = Number.POSITIVE_INFINITY
      this.wake()
    })
  }

  private onMetadata(): void {
    const { view } = this.metadata
    for (const links of this.links.values()) {
      for (const [id, link] of links) {
        const node = view.nodes.get(id)
        if (node === undefined || isSameEndpoint(node, link.endpoint)) continue
        links.delete(id)
        link.close(new ConnectionError('the broker has moved to another address'))
      }
      if (!this.metadata.usesBootstrap) this.nameBootstrapLinks(links)
    }
    if (channels.metadata.hasSubscribers) {
      channels.metadata.publish({
        clientId: this.settings.clientId,
        clusterId: view.clusterId,
        controllerId: view.controllerId,
        brokers: view.nodes.size,
        topics: view.topics.size,
      })
    }
    this.wake()
  }

  /** Connections to bootstrap servers become those of the brokers that they turned out to be. */
  private nameBootstrapLinks(links: Map<number, BrokerLink>): void {
    for (const [id, link] of links) {
      if (id >= 0) continue
      for (const node of this.metadata.view.nodes.values()) {
        if (links.has(node.id) || !isSameEndpoint(node, link.endpoint)) continue
        links.delete(id)
        link.nodeId = node.id
        links.set(node.id, link)
        break
      }
    }
  }

  private link(nodeId: number, lane: Lane): BrokerLink | null {
    const links = this.linksOf(lane)
    const known = links.get(nodeId)
    if (known !== undefined) return known
    const endpoint =
      nodeId < 0
        ? this.settings.bootstrap[BOOTSTRAP_ID - nodeId]
        : this.metadata.view.nodes.get(nodeId)
    if (endpoint === undefined || this.closed) return null
    const link = new BrokerLink(nodeId, endpoint, lane, this.context)
    links.set(nodeId, link)
    return link
  }

  private linksOf(lane: Lane): Map<number, BrokerLink> {
    let links = this.links.get(lane)
    if (links === undefined) {
      links = new Map()
      this.links.set(lane, links)
    }
    return links
  }

  private leastLoaded(lane: Lane): BrokerLink | null {
    const ids = this.candidates()
    const offset = ids.length > 1 ? this.world.entropy.nextU32() % ids.length : 0
    let best: BrokerLink | null = null
    for (let n = 0; n < ids.length; n++) {
      const link = this.link(ids[(n + offset) % ids.length]!, lane)
      if (link !== null && (best === null || link.load < best.load)) best = link
    }
    return best
  }

  private candidates(): number[] {
    const { view, usesBootstrap } = this.metadata
    if (!usesBootstrap && view.nodes.size > 0) return [...view.nodes.keys()]
    return this.settings.bootstrap.map((_, index) => BOOTSTRAP_ID - index)
  }
}

function isSameEndpoint(one: Endpoint, other: Endpoint): boolean {
  return one.host === other.host && one.port === other.port
}
