/** The options of a client, checked and completed with Kafka's defaults. */
import type { Endpoint, Logger, TlsClientOptions, World } from '@barnabas/base'
import type { BackoffSettings } from './core/backoff.ts'
import { ConfigError } from './errors.ts'
import type { SaslOptions } from './sasl/index.ts'

export interface ClientOptions {
  /** `host:port`, several separated by commas or as an array: where the cluster is found at first. */
  bootstrapServers: string | readonly string[]
  /** Names this client in the broker's logs, metrics and quotas. */
  clientId?: string
  /** True for TLS with the system's certificate authorities. */
  tls?: boolean | TlsClientOptions
  sasl?: SaslOptions
  /** `request.timeout.ms`: how long one request may take before its connection counts as lost. */
  requestTimeoutMs?: number
  /** `default.api.timeout.ms`: how long a call may take with all its retries. */
  apiTimeoutMs?: number
  /** `retry.backoff.ms` and `retry.backoff.max.ms`. */
  retryBackoffMs?: number
  retryBackoffMaxMs?: number
  /** `reconnect.backoff.ms` and `reconnect.backoff.max.ms`. */
  reconnectBackoffMs?: number
  reconnectBackoffMaxMs?: number
  /** `socket.connection.setup.timeout.ms`. */
  connectionSetupTimeoutMs?: number
  /** `connections.max.idle.ms`; -1 for never. */
  connectionsMaxIdleMs?: number
  /** `metadata.max.age.ms`. */
  metadataMaxAgeMs?: number
  /** `metadata.max.idle.ms`: topics that were not used for so long are forgotten. */
  metadataMaxIdleMs?: number
  /** `metadata.recovery.strategy` (KIP-899): begin anew with the bootstrap servers when no broker answers. */
  metadataRecoveryStrategy?: 'rebootstrap' | 'none'
  /** `metadata.recovery.rebootstrap.trigger.ms` (KIP-1102). */
  metadataRebootstrapTriggerMs?: number
  /** Gets the client's log lines; silent when absent. */
  log?: Logger
  /** Clock, timers, randomness and sockets; the real ones when absent. */
  world?: World
}

export interface ClientSettings {
  bootstrap: readonly Endpoint[]
  clientId: string
  tls: TlsClientOptions | null
  requestTimeoutMs: number
  apiTimeoutMs: number
  retryBackoff: BackoffSettings
  reconnectBackoff: BackoffSettings
  connectionSetupTimeoutMs: number
  connectionsMaxIdleMs: number
  metadataMaxAgeMs: number
  metadataMaxIdleMs: number
  metadataRecoveryStrategy: 'rebootstrap' | 'none'
  metadataRebootstrapTriggerMs: number
}

export function clientSettings(options: ClientOptions): ClientSettings {
  const retryInitialMs = atLeast('retryBackoffMs', options.retryBackoffMs ?? 100, 0)
  const reconnectInitialMs = atLeast('reconnectBackoffMs', options.reconnectBackoffMs ?? 50, 0)
  return {
    bootstrap: parseBootstrap(options.bootstrapServers),
    clientId: options.clientId ?? 'barnabas',
    tls: options.tls === true ? {} : options.tls || null,
    requestTimeoutMs: atLeast('requestTimeoutMs', options.requestTimeoutMs ?? 30_000, 1),
    apiTimeoutMs: atLeast('apiTimeoutMs', options.apiTimeoutMs ?? 60_000, 1),
    retryBackoff: { initialMs: retryInitialMs, maxMs: options.retryBackoffMaxMs ?? 1000 },
    reconnectBackoff: {
      initialMs: reconnectInitialMs,
      maxMs: options.reconnectBackoffMaxMs ?? 1000,
    },
    connectionSetupTimeoutMs: options.connectionSetupTimeoutMs ?? 10_000,
    connectionsMaxIdleMs: options.connectionsMaxIdleMs ?? 540_000,
    metadataMaxAgeMs: atLeast('metadataMaxAgeMs', options.metadataMaxAgeMs ?? 300_000, 0),
    metadataMaxIdleMs: atLeast('metadataMaxIdleMs', options.metadataMaxIdleMs ?? 300_000, 5000),
    metadataRecoveryStrategy: options.metadataRecoveryStrategy ?? 'rebootstrap',
    metadataRebootstrapTriggerMs: options.metadataRebootstrapTriggerMs ?? 300_000,
  }
}

/** The value if it is a number of at least `least`. */
export function atLeast(name: string, value: number, least: number): number {
  if (typeof value === 'number' && value >= least) return value
  throw new ConfigError(`${name} must be at least ${least}, it is ${String(value)}`)
}

export function parseBootstrap(servers: string | readonly string[]): Endpoint[] {
  const list = typeof servers === 'string' ? servers.split(',') : servers
  const endpoints: Endpoint[] = []
  for (const entry of list ?? []) {
    const text = entry.trim()
    if (text !== '') endpoints.push(parseEndpoint(text))
  }
  if (endpoints.length === 0) {
    throw new ConfigError('bootstrapServers names no broker', { hint: 'give host:port' })
  }
  return endpoints
}

/** `host:port`, `[2001:db8::1]:port`, or either behind `PLAINTEXT://`. */
function parseEndpoint(text: string): Endpoint {
  const match = /^(?:[A-Za-z_0-9]+:\/\/)?(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port < 1 || port > 65_535) {
    throw new ConfigError(`"${text}" in bootstrapServers is no address`, {
      hint: 'write host:port, with an IPv6 address in brackets',
    })
  }
  return { host: (match[1] ?? match[2])!, port }
}
