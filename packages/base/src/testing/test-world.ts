/**
 * A whole world for a test: virtual time, seeded entropy, files and network in memory. Several hosts can
 * share one time and one network; each has its own clock, timers, files and entropy, and can be killed
 * and started again. Equal seeds give equal runs.
 */
import { seededEntropy } from '../entropy.ts'
import type { Entropy, Transport, World } from '../world.ts'
import { MemoryFileSystem } from './memory-file-system.ts'
import { MemoryNetwork } from './memory-network.ts'
import { RecordingLogger } from './recording-logger.ts'
import { VirtualClock, VirtualTime, VirtualTimers } from './virtual-time.ts'

export interface TestWorldOptions {
  /** The wall clock at the start. */
  startMs?: number
  /** Name of the first host; others reach it by that. */
  host?: string
}

/** One life of one process on one host. */
export class TestWorld implements World {
  readonly host: string
  readonly time: VirtualTime
  readonly network: MemoryNetwork
  readonly clock: VirtualClock
  readonly timers: VirtualTimers
  readonly entropy: Entropy
  readonly files: MemoryFileSystem
  readonly transport: Transport
  readonly log: RecordingLogger
  private readonly root: Entropy
  private readonly life: number

  /** @internal Use `createTestWorld`. */
  constructor(
    host: string,
    shared: { time: VirtualTime; network: MemoryNetwork; root: Entropy },
    previous?: { files: MemoryFileSystem; clock: VirtualClock; life: number },
  ) {
    this.host = host
    this.time = shared.time
    this.network = shared.network
    this.root = shared.root
    this.life = (previous?.life ?? 0) + 1
    this.clock = previous?.clock ?? new VirtualClock(this.time)
    this.timers = new VirtualTimers(this.time)
    this.entropy = this.root.fork(`${host} life ${this.life}`)
    this.files = previous?.files ?? new MemoryFileSystem({ nowMs: () => this.clock.nowMs() })
    this.transport = this.network.transport(host)
    this.log = new RecordingLogger()
  }

  advance(durationMs: number): Promise<void> {
    return this.time.advance(durationMs)
  }

  settle(): Promise<void> {
    return this.time.settle()
  }

  runUntil(condition: () => boolean, withinMs?: number): Promise<void> {
    return this.time.runUntil(condition, withinMs)
  }

  complete<T>(promise: Promise<T>, withinMs?: number): Promise<T> {
    return this.time.complete(promise, withinMs)
  }

  /** Another host at the same time and on the same network. */
  addHost(host: string): TestWorld {
    return new TestWorld(host, this.shared)
  }

  /**
   * Ends this life: timers stop, connections end, files fail. Returns the next. `kill` loses what the
   * process had in memory, `crash` also what it had not synced, `chaos` loses any part of the latter.
   */
  restart(how: 'kill' | 'crash' | 'chaos' = 'kill'): TestWorld {
    this.timers.stop()
    this.network.stop(this.host)
    const chaos = this.root.fork(`${this.host} crash ${this.life}`)
    const files =
      how === 'kill' ? this.files.kill() : this.files.crash(how === 'chaos' ? chaos : null)
    return new TestWorld(this.host, this.shared, { files, clock: this.clock, life: this.life })
  }

  private get shared() {
    return { time: this.time, network: this.network, root: this.root }
  }
}

export function createTestWorld(
  seed: number | string = 1,
  options: TestWorldOptions = {},
): TestWorld {
  const time = new VirtualTime(options.startMs)
  const network = new MemoryNetwork({ timers: new VirtualTimers(time) })
  const root = seededEntropy(seed)
  return new TestWorld(options.host ?? 'localhost', { time, network, root })
}
