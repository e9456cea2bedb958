/**
 * The settings of a topic: its own, else those of the broker under their several names and units, else
 * the defaults. Also everything that is refused when a topic's settings are made or changed.
 */
import type { BrokerConfig } from './broker-config.ts'
import type { BrokerConfigName } from './broker-configs.ts'
import { type ConfigTexts, ConfigView, NO_CONFIGS, parseTexts } from './config-view.ts'
import type { ConfigTable } from './definition.ts'
import { ConfigError, type ParsedConfig } from './parse.ts'
import { unknownName } from './suggest.ts'
import { TOPIC_CONFIGS } from './topic-configs.ts'

export type TopicConfigs = typeof TOPIC_CONFIGS
export type TopicConfig = ConfigView<TopicConfigs>

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const TABLE: ConfigTable = TOPIC_CONFIGS

/** Milliseconds in the unit of a broker setting that is not in the topic setting's own unit. */
const UNIT_MS: Readonly<Record<string, number>> = {
  'log.retention.hours': HOUR_MS,
  'log.retention.minutes': MINUTE_MS,
  'log.roll.hours': HOUR_MS,
  'log.roll.jitter.hours': HOUR_MS,
}

/** What holds for a topic with these settings of its own on such a broker. */
export function effectiveTopicConfig(overrides: ConfigTexts, broker: BrokerConfig): TopicConfig {
  const inherited = inheritedConfig(broker)
  if (overrides.size === 0) return inherited.view
  const values = new Map<string, ParsedConfig>(inherited.values)
  for (const [name, parsed] of parseTexts(TABLE, overrides).values) values.set(name, parsed)
  return new ConfigView(TOPIC_CONFIGS, values)
}

interface Inherited {
  readonly values: ReadonlyMap<string, ParsedConfig>
  readonly view: TopicConfig
}

const inheritedByBroker = new WeakMap<BrokerConfig, Inherited>()

/** What a topic without settings of its own gets from a broker. Computed once per broker config. */
function inheritedConfig(broker: BrokerConfig): Inherited {
  let inherited = inheritedByBroker.get(broker)
  if (inherited === undefined) {
    const values = new Map<string, ParsedConfig>()
    for (const [name, definition] of Object.entries(TABLE)) {
      const from = strongestGiven(definition.brokerNames, broker)
      if (from !== null) values.set(name, inTopicUnit(from, broker))
    }
    inherited = { values, view: new ConfigView(TOPIC_CONFIGS, values) }
    inheritedByBroker.set(broker, inherited)
  }
  return inherited
}

function strongestGiven(names: readonly string[], broker: BrokerConfig): BrokerConfigName | null {
  const given = names.find((name) => broker.isGiven(name as BrokerConfigName))
  return (given as BrokerConfigName | undefined) ?? null
}

/** The broker's value in the unit of the topic setting. */
function inTopicUnit(name: BrokerConfigName, broker: BrokerConfig): ParsedConfig {
  const value = broker.get(name)
  const unit = UNIT_MS[name]
  if (unit === undefined || typeof value !== 'number') return { value, text: broker.text(name) }
  const valueMs = value < 0 ? -1 : value * unit
  return { value: valueMs, text: String(valueMs) }
}

/** The settings of a topic before a change; what else must be known to judge one. */
export interface TopicConfigContext {
  readonly broker: BrokerConfig
  /** Settings before the change; none for a new topic. */
  readonly before?: ConfigTexts
}

/** Throws `ConfigError` when a topic must not have these settings. */
export function validateTopicConfig(overrides: ConfigTexts, context: TopicConfigContext): void {
  for (const name of overrides.keys()) {
    if (!Object.hasOwn(TABLE, name)) {
      throw new ConfigError(unknownName('topic config name', name, Object.keys(TABLE)))
    }
  }
  const { problems } = parseTexts(TABLE, overrides)
  if (problems.length > 0) throw new ConfigError(problems[0]!)
  const config = effectiveTopicConfig(overrides, context.broker)
  const problem = compactionProblem(config) ?? remoteProblem(config, context)
  if (problem !== null) throw new ConfigError(problem)
}

function compactionProblem(config: TopicConfig): string | null {
  const shortest = config.get('min.compaction.lag.ms')
  const longest = config.get('max.compaction.lag.ms')
  if (shortest <= longest) return null
  return `min.compaction.lag.ms (${shortest}) must not exceed max.compaction.lag.ms (${longest})`
}

function remoteProblem(config: TopicConfig, context: TopicConfigContext): string | null {
  const before = effectiveTopicConfig(context.before ?? NO_CONFIGS, context.broker)
  if (!config.get('remote.storage.enable')) {
    const wasOn = before.get('remote.storage.enable')
    if (!wasOn || config.get('remote.log.delete.on.disable')) return null
    return 'remote.storage.enable can only be turned off together with remote.log.delete.on.disable=true'
  }
  if (!context.broker.get('remote.log.storage.system.enable')) {
    return 'remote.storage.enable needs remote.log.storage.system.enable=true on the brokers'
  }
  if (config.get('cleanup.policy').includes('compact')) {
    return 'A topic with remote.storage.enable=true cannot have the cleanup.policy compact'
  }
  return localRetentionProblem(config)
}

function localRetentionProblem(config: TopicConfig): string | null {
  const copies = !config.get('remote.log.copy.disable')
  for (const unit of ['ms', 'bytes'] as const) {
    const whole = config.get(`retention.${unit}`)
    const local = config.get(`local.retention.${unit}`)
    if (local === -2) continue
    if (!copies && local !== whole) {
      return `With remote.log.copy.disable=true, local.retention.${unit} must be -2 or equal to retention.${unit}`
    }
    if (whole !== -1 && (local === -1 || local > whole)) {
      return `local.retention.${unit} (${local}) must not exceed retention.${unit} (${whole})`
    }
  }
  return null
}
