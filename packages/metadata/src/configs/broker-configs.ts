/** All settings of a broker in one table, and the rules by which a broker setting is found by its name. */
import { CONTROLLER_CONFIGS } from './broker-controller-configs.ts'
import { GROUP_COORDINATOR_CONFIGS } from './broker-group-configs.ts'
import { LOG_CONFIGS } from './broker-log-configs.ts'
import { REMOTE_STORAGE_CONFIGS } from './broker-remote-configs.ts'
import { REPLICATION_CONFIGS } from './broker-replication-configs.ts'
import { SECURITY_CONFIGS } from './broker-security-configs.ts'
import { SERVER_CONFIGS } from './broker-server-configs.ts'
import { SHARE_CONFIGS } from './broker-share-configs.ts'
import { TRANSACTION_CONFIGS } from './broker-transaction-configs.ts'
import type { ConfigDefinition, ConfigTable } from './definition.ts'
import { OTHER_BROKER_CONFIGS } from './other-broker-configs.ts'

/** Every setting that a describe of a broker knows. */
export const BROKER_CONFIGS = {
  ...SERVER_CONFIGS,
  ...LOG_CONFIGS,
  ...REPLICATION_CONFIGS,
  ...CONTROLLER_CONFIGS,
  ...GROUP_COORDINATOR_CONFIGS,
  ...SHARE_CONFIGS,
  ...TRANSACTION_CONFIGS,
  ...SECURITY_CONFIGS,
  ...REMOTE_STORAGE_CONFIGS,
} as const satisfies ConfigTable

/** What may stand in a broker's file. */
export const BROKER_FILE_CONFIGS = { ...BROKER_CONFIGS, ...OTHER_BROKER_CONFIGS } as const

export type BrokerConfigs = typeof BROKER_FILE_CONFIGS
export type BrokerConfigName = keyof BrokerConfigs

/**
 * Settings with one meaning in several units, the strongest name first. The first of each is the one
 * that topics name as the source of their default.
 */
const SYNONYM_GROUPS: readonly (readonly string[])[] = [
  ['log.roll.ms', 'log.roll.hours'],
  ['log.roll.jitter.ms', 'log.roll.jitter.hours'],
  ['log.flush.interval.ms', 'log.flush.scheduler.interval.ms'],
  ['log.retention.ms', 'log.retention.minutes', 'log.retention.hours'],
]

const LISTENER_PREFIX = /^listener\.name\.[^.]*\.(.+)$/

/** Prefixes below which plug-ins find settings of their own. */
const FOREIGN_PREFIXES = ['rsm.config.', 'rlmm.config.', 'config.providers.']

/** The setting that a name with a listener (and mechanism) prefix overrides; null without such a prefix. */
export function listenerBaseName(name: string): string | null {
  const rest = LISTENER_PREFIX.exec(name)?.[1]
  if (rest === undefined) return null
  if (Object.hasOwn(BROKER_CONFIGS, rest)) return rest
  // `<mechanism>.sasl.jaas.config` and the like.
  const behindMechanism = rest.slice(rest.indexOf('.') + 1)
  return Object.hasOwn(BROKER_CONFIGS, behindMechanism) ? behindMechanism : rest
}

/** The definition of a broker setting, with or without a listener prefix; null when there is none. */
export function brokerDefinition(name: string): ConfigDefinition | null {
  const table: ConfigTable = BROKER_CONFIGS
  if (Object.hasOwn(table, name)) return table[name]!
  const base = listenerBaseName(name)
  return base !== null && Object.hasOwn(table, base) ? table[base]! : null
}

/** All names whose values bear on `name`, the strongest first. */
export function brokerSynonyms(name: string): readonly string[] {
  const group = SYNONYM_GROUPS.find((names) => names.includes(name))
  if (group !== undefined) return group
  const base = listenerBaseName(name)
  return base === null ? [name] : [name, base]
}

/** Whether nothing known stands behind a name, not even a prefix of plug-ins. */
export function isUnknownBrokerConfig(name: string): boolean {
  if (Object.hasOwn(BROKER_FILE_CONFIGS, name) || brokerDefinition(name) !== null) return false
  return !FOREIGN_PREFIXES.some((prefix) => name.startsWith(prefix))
}
