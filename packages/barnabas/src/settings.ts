/**
 * Where the settings of a broker come from, the stronger source last: what a single node needs, a file in
 * Java's properties format, environment variables `KAFKA_...`, options of the command line. All end up as
 * one map of Kafka's own names; whether the names and values are right is decided by `BrokerConfig`.
 */
import { getProperties } from 'properties-file'

export type Settings = Map<string, string>
export type Environment = Readonly<Record<string, string | undefined>>

const PREFIX = 'KAFKA_'

/** What Apache Kafka's own scripts and images read from the environment; these are no settings. */
const NO_SETTINGS = new Set([
  'KAFKA_CLUSTER_ID',
  'KAFKA_DEBUG',
  'KAFKA_GC_LOG_OPTS',
  'KAFKA_HEAP_OPTS',
  'KAFKA_HOME',
  'KAFKA_JMX_HOSTNAME',
  'KAFKA_JMX_OPTS',
  'KAFKA_JMX_PORT',
  'KAFKA_JVM_PERFORMANCE_OPTS',
  'KAFKA_LOG4J_CMD_OPTS',
  'KAFKA_LOG4J_LOGGERS',
  'KAFKA_LOG4J_OPTS',
  'KAFKA_LOG4J_ROOT_LOGLEVEL',
  'KAFKA_MODE',
  'KAFKA_OPTS',
  'KAFKA_TOOLS_LOG4J_LOGLEVEL',
  'KAFKA_USER',
  'KAFKA_VERSION',
])

/** What Kubernetes and linked containers add for a service that is called "kafka". */
const SERVICE_ADDRESS = /^KAFKA_(PORT|NAME|ENV_.*|SERVICE_(HOST|PORT).*|PORT_\d+_(TCP|UDP).*)$/

/** The content of a `.properties` file. */
export function settingsOfFile(content: string): Settings {
  return new Map(Object.entries(getProperties(content)))
}

/**
 * Settings from the environment: `KAFKA_LOG_RETENTION_MS` is `log.retention.ms`. As in Kafka's images, one
 * underscore stands for a dot, two for a dash, three for an underscore; `KAFKA_CFG_...` is the same.
 */
export function settingsOfEnvironment(environment: Environment): Settings {
  const settings: Settings = new Map()
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined || !variable.startsWith(PREFIX)) continue
    if (NO_SETTINGS.has(variable) || SERVICE_ADDRESS.test(variable)) continue
    const name = settingName(variable.slice(PREFIX.length))
    settings.set(name.startsWith('cfg.') ? name.slice('cfg.'.length) : name, value)
  }
  return settings
}

function settingName(text: string): string {
  const separators = ['.', '-', '_']
  return text.toLowerCase().replace(/_{1,3}/g, (underscores) => separators[underscores.length - 1]!)
}

/** `name=value`, as given to `--override`. */
export function settingsOfOverrides(overrides: readonly string[]): Settings {
  const settings: Settings = new Map()
  for (const override of overrides) {
    const at = override.indexOf('=')
    if (at <= 0) throw new Error(`--override ${override}: give it as name=value`)
    settings.set(override.slice(0, at).trim(), override.slice(at + 1).trim())
  }
  return settings
}

/** What holds for a single node when nobody says otherwise: it is all roles, and keeps one copy of everything. */
export const SINGLE_NODE: ReadonlyMap<string, string> = new Map([
  ['node.id', '1'],
  ['process.roles', 'broker,controller'],
  ['controller.listener.names', 'CONTROLLER'],
  ['offsets.topic.replication.factor', '1'],
  ['transaction.state.log.replication.factor', '1'],
  ['transaction.state.log.min.isr', '1'],
  ['share.coordinator.state.topic.replication.factor', '1'],
  ['share.coordinator.state.topic.min.isr', '1'],
  // Nobody else is about to join a group on a laptop.
  ['group.initial.rebalance.delay.ms', '0'],
])

/** The later sources win. */
export function mergeSettings(...sources: readonly ReadonlyMap<string, string>[]): Settings {
  const merged: Settings = new Map()
  for (const source of sources) for (const [name, value] of source) merged.set(name, value)
  // One setting with two names: whoever gives one of them means both.
  const id = sources.findLast((source) => source.has('node.id') || source.has('broker.id'))
  if (id !== undefined) {
    merged.delete('broker.id')
    merged.set('node.id', (id.get('node.id') ?? id.get('broker.id'))!)
  }
  return merged
}

/** Where a node keeps its data when nobody says: below the directory it is started in. */
const DEFAULT_DIRECTORY = 'barnabas-data'

export function withDirectory(settings: Settings): Settings {
  if (settings.has('log.dirs') || settings.has('log.dir')) return settings
  return new Map([...settings, ['log.dirs', DEFAULT_DIRECTORY]])
}
