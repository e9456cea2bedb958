/**
 * What DescribeConfigs shows of a resource: every setting with its value, where the value comes from and
 * all values that stand behind it, the strongest first. Secrets and settings of unknown type keep their
 * value to themselves.
 */
import type { BrokerConfig } from './broker-config.ts'
import { BROKER_CONFIGS, brokerDefinition, brokerSynonyms } from './broker-configs.ts'
import { CLIENT_METRICS_CONFIGS } from './client-metrics-configs.ts'
import { type ConfigTexts, ConfigView, defaultOf, parseTexts } from './config-view.ts'
import type { ConfigDefinition, ConfigTable, ConfigType } from './definition.ts'
import { effectiveGroupConfig } from './group-config.ts'
import { GROUP_CONFIGS } from './group-configs.ts'
import { parseConfig } from './parse.ts'
import { effectiveTopicConfig } from './topic-config.ts'
import { TOPIC_CONFIGS } from './topic-configs.ts'

/** Where a value comes from, as numbered in the protocol. */
export const ConfigSource = {
  TOPIC: 1,
  DYNAMIC_BROKER: 2,
  DYNAMIC_DEFAULT_BROKER: 3,
  STATIC_BROKER: 4,
  DEFAULT: 5,
  BROKER_LOGGER: 6,
  CLIENT_METRICS: 7,
  GROUP: 8,
} as const

const TYPE_CODES: Readonly<Record<ConfigType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  short: 4,
  long: 5,
  double: 6,
  list: 7,
  class: 8,
  password: 9,
}

export interface ConfigSynonym {
  name: string
  value: string | null
  source: number
}

export interface ConfigEntry {
  name: string
  value: string | null
  source: number
  readOnly: boolean
  sensitive: boolean
  /** As numbered in the protocol; 0 when unknown. */
  type: number
  synonyms: ConfigSynonym[]
  documentation: string | null
}

/** Which settings to show: all, or those named (unknown names are simply absent). */
export type ConfigNames = readonly string[] | null

export function describeTopic(
  overrides: ConfigTexts,
  broker: BrokerConfig,
  names: ConfigNames = null,
): ConfigEntry[] {
  const view = effectiveTopicConfig(overrides, broker)
  return describeOverrides(TOPIC_CONFIGS, view, overrides, ConfigSource.TOPIC, broker, names)
}

export function describeGroup(
  overrides: ConfigTexts,
  broker: BrokerConfig,
  names: ConfigNames = null,
): ConfigEntry[] {
  const view = effectiveGroupConfig(overrides, broker)
  return describeOverrides(GROUP_CONFIGS, view, overrides, ConfigSource.GROUP, broker, names)
}

export function describeClientMetrics(
  overrides: ConfigTexts,
  names: ConfigNames = null,
): ConfigEntry[] {
  const view = new ConfigView(
    CLIENT_METRICS_CONFIGS,
    parseTexts(CLIENT_METRICS_CONFIGS, overrides).values,
  )
  const source = ConfigSource.CLIENT_METRICS
  return describeOverrides(CLIENT_METRICS_CONFIGS, view, overrides, source, null, names)
}

/** All settings of the broker that answers. */
export function describeBroker(broker: BrokerConfig, names: ConfigNames = null): ConfigEntry[] {
  const table: ConfigTable = BROKER_CONFIGS
  const listed = new Set(Object.keys(table).filter((name) => !table[name]!.internal))
  for (const layer of [broker.fileTexts, broker.clusterTexts, broker.brokerTexts]) {
    for (const name of layer.keys()) listed.add(name)
  }
  return selected([...listed].sort(), names).map((name) => brokerEntry(name, broker))
}

/** Settings made at run time for all brokers, and nothing else. */
export function describeClusterDefault(
  clusterTexts: ConfigTexts,
  names: ConfigNames = null,
): ConfigEntry[] {
  return selected([...clusterTexts.keys()].sort(), names).map((name) => {
    const definition = brokerDefinition(name)
    const value = isSensitive(definition) ? null : shownText(name, definition!, clusterTexts)
    const source = ConfigSource.DYNAMIC_DEFAULT_BROKER
    return brokerEntryOf(name, definition, value, [{ name, value, source }])
  })
}

/** One setting of a topic as a CreateTopics response has it: without synonyms. */
export interface CreatedTopicEntry {
  name: string
  value: string | null
  source: number
}

/**
 * The settings of a fresh topic, sorted by name. Other than a describe, this names the broker's file as
 * the source also of values that stand there in another unit; both as Apache Kafka does it.
 */
export function describeCreatedTopic(
  overrides: ConfigTexts,
  broker: BrokerConfig,
): CreatedTopicEntry[] {
  const view = effectiveTopicConfig(overrides, broker)
  return listedNames(TOPIC_CONFIGS).map((name) => ({
    name,
    value: view.text(name as keyof typeof TOPIC_CONFIGS),
    source: overrides.has(name)
      ? ConfigSource.TOPIC
      : brokerSource(TOPIC_CONFIGS[name as keyof typeof TOPIC_CONFIGS].brokerNames, broker),
  }))
}

function brokerSource(names: readonly string[], broker: BrokerConfig): number {
  const isIn = (layer: ConfigTexts) => names.some((name) => layer.has(name))
  if (isIn(broker.brokerTexts)) return ConfigSource.DYNAMIC_BROKER
  if (isIn(broker.clusterTexts)) return ConfigSource.DYNAMIC_DEFAULT_BROKER
  return isIn(broker.fileTexts) ? ConfigSource.STATIC_BROKER : ConfigSource.DEFAULT
}

function describeOverrides<T extends ConfigTable>(
  table: T,
  view: ConfigView<T>,
  overrides: ConfigTexts,
  overrideSource: number,
  broker: BrokerConfig | null,
  names: ConfigNames,
): ConfigEntry[] {
  return selected(listedNames(table), names).map((name) => {
    const definition = table[name]!
    const sensitive = definition.type === 'password'
    const value = sensitive ? null : view.text(name)
    const synonyms: ConfigSynonym[] = overrides.has(name)
      ? [{ name, value, source: overrideSource }]
      : []
    const brokerName = definition.brokerNames[0]
    if (brokerName !== undefined && broker !== null) {
      synonyms.push(...brokerValues(brokerName, broker, sensitive))
    }
    return {
      name,
      value,
      source: synonyms[0]?.source ?? ConfigSource.DEFAULT,
      readOnly: false,
      sensitive,
      type: TYPE_CODES[definition.type],
      synonyms,
      documentation: definition.doc,
    }
  })
}

function brokerEntry(name: string, broker: BrokerConfig): ConfigEntry {
  const definition = brokerDefinition(name)
  const value = isSensitive(definition) ? null : brokerValue(name, broker)
  return brokerEntryOf(name, definition, value, brokerValues(name, broker, isSensitive(definition)))
}

function brokerEntryOf(
  name: string,
  definition: ConfigDefinition | null,
  value: string | null,
  synonyms: ConfigSynonym[],
): ConfigEntry {
  const table: ConfigTable = BROKER_CONFIGS
  const own = Object.hasOwn(table, name) ? table[name]! : null
  return {
    name,
    value,
    source: synonyms[0]?.source ?? ConfigSource.DEFAULT,
    // A name with a listener prefix is never in the list of what may change, only its base name is.
    readOnly: own === null || own.scope === 'read-only',
    sensitive: isSensitive(definition),
    type: definition === null ? 0 : TYPE_CODES[definition.type],
    synonyms,
    documentation: definition?.doc ?? null,
  }
}

function brokerValue(name: string, broker: BrokerConfig): string | null {
  return Object.hasOwn(BROKER_CONFIGS, name)
    ? broker.text(name as keyof typeof BROKER_CONFIGS)
    : broker.givenText(name)
}

/**
 * Values of a broker setting in all layers. What comes before the first entry under the name itself is
 * dropped, so a value that only stands in another unit is not listed; Kafka does the same.
 */
function brokerValues(name: string, broker: BrokerConfig, sensitive: boolean): ConfigSynonym[] {
  const found: ConfigSynonym[] = []
  const synonyms = brokerSynonyms(name)
  const add = (layer: ConfigTexts, source: number) => {
    for (const synonym of synonyms) {
      const text = layer.get(synonym)
      if (text !== undefined) found.push({ name: synonym, value: sensitive ? null : text, source })
    }
  }
  add(broker.brokerTexts, ConfigSource.DYNAMIC_BROKER)
  add(broker.clusterTexts, ConfigSource.DYNAMIC_DEFAULT_BROKER)
  add(broker.fileTexts, ConfigSource.STATIC_BROKER)
  add(defaultTexts(synonyms), ConfigSource.DEFAULT)
  const first = found.findIndex((synonym) => synonym.name === name)
  return first < 0 ? [] : found.slice(first)
}

function defaultTexts(names: readonly string[]): ConfigTexts {
  const texts = new Map<string, string>()
  const table: ConfigTable = BROKER_CONFIGS
  for (const name of names) {
    const definition = Object.hasOwn(table, name) ? table[name]! : null
    const text = definition === null ? null : defaultOf(name, definition).text
    if (text !== null) texts.set(name, text)
  }
  return texts
}

function isSensitive(definition: ConfigDefinition | null): boolean {
  return definition === null || definition.type === 'password'
}

function shownText(name: string, definition: ConfigDefinition, texts: ConfigTexts): string | null {
  return parseConfig(name, definition, texts.get(name)!).text
}

function listedNames(table: ConfigTable): string[] {
  return Object.keys(table)
    .filter((name) => !table[name]!.internal)
    .sort()
}

function selected(names: string[], wanted: ConfigNames): string[] {
  return wanted === null ? names : names.filter((name) => wanted.includes(name))
}
