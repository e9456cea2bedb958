/** The settings of a group: its own, else those of the broker, and what a broker's limits refuse. */
import type { BrokerConfig } from './broker-config.ts'
import type { BrokerConfigName } from './broker-configs.ts'
import { type ConfigTexts, ConfigView, parseTexts } from './config-view.ts'
import type { ConfigTable } from './definition.ts'
import { GROUP_CONFIGS } from './group-configs.ts'
import { ConfigError, type ParsedConfig } from './parse.ts'
import { unknownName } from './suggest.ts'

export type GroupConfigs = typeof GROUP_CONFIGS
export type GroupConfig = ConfigView<GroupConfigs>
type GroupConfigName = keyof GroupConfigs

const TABLE: ConfigTable = GROUP_CONFIGS

/** Settings of a group and the broker settings between which they must lie. */
const LIMITS: readonly (readonly [GroupConfigName, BrokerConfigName | null, BrokerConfigName])[] = [
  limits('consumer.session.timeout.ms', 'group.consumer', 'session.timeout.ms'),
  limits('consumer.heartbeat.interval.ms', 'group.consumer', 'heartbeat.interval.ms'),
  limits('consumer.assignment.interval.ms', 'group.consumer', 'assignment.interval.ms'),
  limits('share.session.timeout.ms', 'group.share', 'session.timeout.ms'),
  limits('share.heartbeat.interval.ms', 'group.share', 'heartbeat.interval.ms'),
  limits('share.assignment.interval.ms', 'group.share', 'assignment.interval.ms'),
  limits('share.record.lock.duration.ms', 'group.share', 'record.lock.duration.ms'),
  limits('share.delivery.count.limit', 'group.share', 'delivery.count.limit'),
  limits('share.partition.max.record.locks', 'group.share', 'partition.max.record.locks'),
  limits('streams.session.timeout.ms', 'group.streams', 'session.timeout.ms'),
  limits('streams.heartbeat.interval.ms', 'group.streams', 'heartbeat.interval.ms'),
  limits('streams.assignment.interval.ms', 'group.streams', 'assignment.interval.ms'),
  ['streams.num.standby.replicas', null, 'group.streams.max.standby.replicas'],
]

/** A member must be able to miss a heartbeat without losing its session. */
const SESSIONS: readonly (readonly [GroupConfigName, GroupConfigName])[] = [
  ['consumer.heartbeat.interval.ms', 'consumer.session.timeout.ms'],
  ['share.heartbeat.interval.ms', 'share.session.timeout.ms'],
  ['streams.heartbeat.interval.ms', 'streams.session.timeout.ms'],
]

export function effectiveGroupConfig(overrides: ConfigTexts, broker: BrokerConfig): GroupConfig {
  const values = new Map<string, ParsedConfig>()
  for (const [name, definition] of Object.entries(TABLE)) {
    const from = definition.brokerNames[0] as BrokerConfigName | undefined
    if (from === undefined) continue
    const value = { value: broker.get(from), text: broker.text(from) }
    values.set(name, value)
  }
  for (const [name, parsed] of parseTexts(TABLE, overrides).values) values.set(name, parsed)
  return new ConfigView(GROUP_CONFIGS, values)
}

/** Throws `ConfigError` when a group must not have these settings. */
export function validateGroupConfig(overrides: ConfigTexts, broker: BrokerConfig): void {
  for (const name of overrides.keys()) {
    if (!Object.hasOwn(TABLE, name)) {
      throw new ConfigError(unknownName('group config name', name, Object.keys(TABLE)))
    }
  }
  const { problems } = parseTexts(TABLE, overrides)
  if (problems.length > 0) throw new ConfigError(problems[0]!)
  const config = effectiveGroupConfig(overrides, broker)
  for (const [name, low, high] of LIMITS) {
    if (overrides.has(name)) checkLimit(config, broker, name, low, high)
  }
  for (const [heartbeat, session] of SESSIONS) {
    if (config.get(heartbeat)! >= config.get(session)!) {
      throw new ConfigError(`${session} must be greater than ${heartbeat}`)
    }
  }
}

function checkLimit(
  config: GroupConfig,
  broker: BrokerConfig,
  name: GroupConfigName,
  low: BrokerConfigName | null,
  high: BrokerConfigName,
): void {
  const value = config.get(name) as number
  if (low !== null && value < (broker.get(low) as number)) {
    throw new ConfigError(`${name} must be at least ${low} (${broker.get(low)})`)
  }
  if (value > (broker.get(high) as number)) {
    throw new ConfigError(`${name} must be at most ${high} (${broker.get(high)})`)
  }
}

function limits(name: GroupConfigName, prefix: string, rest: string) {
  const low = `${prefix}.min.${rest}` as BrokerConfigName
  const high = `${prefix}.max.${rest}` as BrokerConfigName
  // The one setting whose own name begins with a bound.
  return rest === 'partition.max.record.locks'
    ? ([
        name,
        'group.share.min.partition.max.record.locks',
        'group.share.max.partition.max.record.locks',
      ] as const)
    : ([name, low, high] as const)
}
