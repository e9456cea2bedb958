/** Settings of a broker's file, as the parts below the broker want them. */
import type { LogManagerOptions } from '@barnabas/log'
import { type BrokerConfig, ConfigError } from '@barnabas/metadata'
import type { ConnectionLimitSettings } from '@barnabas/network'
import { listenerText } from './listeners.ts'

/** Where logs lie: `log.dirs`, else `log.dir`. */
export function logDirectories(config: BrokerConfig): string[] {
  const directories = config.get('log.dirs') ?? config.get('log.dir')
  if (directories.length === 0) throw new ConfigError('log.dirs: at least one directory is needed')
  return [...directories]
}

export function logManagerSettings(config: BrokerConfig): Partial<LogManagerOptions> {
  return {
    recoveryThreadsPerDirectory: config.get('num.recovery.threads.per.data.dir'),
    recoveryCheckpointMs: config.get('log.flush.offset.checkpoint.interval.ms'),
    startCheckpointMs: config.get('log.flush.start.offset.checkpoint.interval.ms'),
    highWatermarkCheckpointMs: config.get('replica.high.watermark.checkpoint.interval.ms'),
    retentionCheckMs: config.get('log.retention.check.interval.ms'),
    initialDelayMs: config.get('log.initial.task.delay.ms'),
    producerExpirationCheckMs: config.get('producer.id.expiration.check.interval.ms'),
  }
}

export function connectionLimits(
  config: BrokerConfig,
  listeners: readonly string[],
): ConnectionLimitSettings {
  return {
    maxConnections: config.get('max.connections'),
    maxConnectionsPerIp: config.get('max.connections.per.ip'),
    maxConnectionsPerIpOverrides: overridesByIp(config.get('max.connections.per.ip.overrides')),
    maxCreationRate: config.get('max.connection.creation.rate'),
    maxConnectionsPerListener: perListener(config, listeners, 'max.connections'),
    maxCreationRatePerListener: perListener(config, listeners, 'max.connection.creation.rate'),
  }
}

/** `address:count,...`; an IPv6 address has colons of its own. */
function overridesByIp(text: string): ReadonlyMap<string, number> {
  const overrides = new Map<string, number>()
  for (const pair of text.split(',').map((each) => each.trim())) {
    if (pair === '') continue
    const at = pair.lastIndexOf(':')
    const count = Number(pair.slice(at + 1))
    if (at <= 0 || !Number.isInteger(count) || count < 0) {
      throw new ConfigError(
        `max.connections.per.ip.overrides: '${pair}' is not of the form address:count`,
      )
    }
    overrides.set(pair.slice(0, at), count)
  }
  return overrides
}

function perListener(
  config: BrokerConfig,
  listeners: readonly string[],
  setting: string,
): ReadonlyMap<string, number> {
  const values = new Map<string, number>()
  for (const listener of listeners) {
    const text = listenerText(config, listener, setting)
    if (text !== null) values.set(listener, Number(text))
  }
  return values
}
