/**
 * The door to a cluster: one client holds the picture of it and the connections, and hands out producers,
 * consumers and an admin that share the former and keep the latter apart.
 */
import type { World } from '@barnabas/base'
import { createHostWorld } from '@barnabas/host'
import { Admin } from './admin/admin.ts'
import { ClientLoop } from './core/client-loop.ts'
import { type ClientOptions, clientSettings } from './options.ts'
import { saslMechanism } from './sasl/index.ts'
import { Producer } from './producer/producer.ts'
import type { ProducerOptions } from './producer/producer-options.ts'
import type { BytesLike } from './serialization/serializers.ts'
import { SILENT_LOGGER } from './silent-logger.ts'

export class Client implements AsyncDisposable {
  private readonly loop: ClientLoop
  private readonly closers = new Set<() => Promise<void>>()
  private sharedAdmin: Admin | null = null

  constructor(options: ClientOptions) {
    const settings = clientSettings(options)
    const world = worldOf(options)
    const sasl = options.sasl ? saslMechanism(options.sasl, world.entropy) : null
    this.loop = new ClientLoop(world, settings, sasl)
  }

  /** The administrator's calls. All callers share one. */
  admin(): Admin {
    this.sharedAdmin ??= new Admin(this.loop)
    return this.sharedAdmin
  }

  producer<K = BytesLike, V = BytesLike>(options: ProducerOptions<K, V> = {}): Producer<K, V> {
    const close = () => producer.close()
    const producer = new Producer<K, V>(this.loop, options, () => this.closers.delete(close))
    this.closers.add(close)
    return producer
  }

  /** Closes all that was handed out, in order, then the connections. */
  async close(): Promise<void> {
    await Promise.all([...this.closers].map((close) => close()))
    this.loop.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function worldOf(options: ClientOptions): World {
  const log = options.log ?? options.world?.log ?? SILENT_LOGGER
  if (options.world) return { ...options.world, log }
  return createHostWorld({ log })
}
