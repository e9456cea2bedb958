/**
 * Which broker settings may be changed at run time, and for whom (KIP-226): some never, some only for one
 * broker, the rest for one or for all. Also the checks for client metrics subscriptions.
 */
import { ApiError } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import {
  BROKER_CONFIGS,
  BROKER_FILE_CONFIGS,
  brokerDefinition,
  isUnknownBrokerConfig,
  listenerBaseName,
} from './broker-configs.ts'
import { CLIENT_METRICS_CONFIGS } from './client-metrics-configs.ts'
import { type ConfigTexts, parseTexts } from './config-view.ts'
import type { ConfigTable, DynamicScope } from './definition.ts'
import { ConfigError, parseConfig } from './parse.ts'
import { unknownName } from './suggest.ts'

/** Keys and certificates of all listeners at once: only with a listener prefix. */
const LISTENER_ONLY = /^ssl\.(keystore|key|truststore)\./

/**
 * Throws `ApiError` when these settings cannot be set at run time for one broker, or for all of them.
 * `given` holds the settings as they would be after the change.
 */
export function validateBrokerUpdate(given: ConfigTexts, target: 'broker' | 'cluster'): void {
  const names = [...given.keys()]
  const fixed = names.filter((name) => scopeOf(name) === 'read-only')
  if (fixed.length > 0) {
    throw invalidRequest(`Cannot update these configs dynamically: ${fixed.join(', ')}`)
  }
  const bare = names.filter((name) => LISTENER_ONLY.test(name))
  if (bare.length > 0) {
    throw invalidRequest(
      `These configs can only be updated with a listener prefix, listener.name.<name>.: ${bare.join(', ')}`,
    )
  }
  for (const [name, text] of given) checkOne(name, text)
  if (target === 'cluster') {
    const single = names.filter((name) => scopeOf(name) === 'per-broker')
    if (single.length === 0) return
    throw invalidRequest(
      `Cannot update these configs for all brokers at once, name a broker: ${single.join(', ')}`,
    )
  }
}

/** Throws `ConfigError` when a client metrics subscription must not have these settings. */
export function validateClientMetricsConfig(given: ConfigTexts): void {
  const table: ConfigTable = CLIENT_METRICS_CONFIGS
  for (const name of given.keys()) {
    if (Object.hasOwn(table, name)) continue
    throw new ConfigError(unknownName('client metrics config name', name, Object.keys(table)))
  }
  const { problems } = parseTexts(table, given)
  if (problems.length > 0) throw new ConfigError(problems[0]!)
}

function checkOne(name: string, text: string): void {
  const definition = brokerDefinition(name)
  if (definition !== null) {
    try {
      parseConfig(name, definition, text)
    } catch (error) {
      // The wrong code for a bad value, but the one that clients know for broker resources.
      if (error instanceof ConfigError) throw invalidRequest(error.message)
      throw error
    }
  } else if (isUnknownBrokerConfig(name)) {
    throw invalidRequest(unknownName('broker config name', name, Object.keys(BROKER_FILE_CONFIGS)))
  }
}

function scopeOf(name: string): DynamicScope | null {
  const table: ConfigTable = BROKER_CONFIGS
  if (Object.hasOwn(table, name)) return table[name]!.scope
  const base = listenerBaseName(name)
  if (base === null) return Object.hasOwn(BROKER_FILE_CONFIGS, name) ? 'read-only' : null
  return Object.hasOwn(table, base) ? table[base]!.scope : null
}

function invalidRequest(message: string): ApiError {
  return new ApiError(ErrorCode.INVALID_REQUEST, message)
}
