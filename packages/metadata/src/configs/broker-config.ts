/**
 * The settings of one broker in their four layers: set for this broker at run time, set for all brokers
 * at run time, given in the file, default. Immutable: a change at run time makes a new one. Everything
 * that needs a setting asks `get`; only a describe looks at the layers.
 */
import {
  BROKER_FILE_CONFIGS,
  type BrokerConfigName,
  type BrokerConfigs,
  isUnknownBrokerConfig,
} from './broker-configs.ts'
import { brokerProblems } from './broker-checks.ts'
import { type ConfigTexts, ConfigView, NO_CONFIGS, parseTexts } from './config-view.ts'
import type { ConfigTable, ValueOf } from './definition.ts'
import { ConfigError, type ParsedConfig } from './parse.ts'
import { unknownName } from './suggest.ts'

export class BrokerConfig {
  /** As given in the file, under every name the file used. */
  readonly fileTexts: ConfigTexts
  /** Set at run time for all brokers, and for this one. */
  readonly clusterTexts: ConfigTexts
  readonly brokerTexts: ConfigTexts
  private readonly view: ConfigView<BrokerConfigs>

  private constructor(
    fileTexts: ConfigTexts,
    clusterTexts: ConfigTexts,
    brokerTexts: ConfigTexts,
    values: ReadonlyMap<string, ParsedConfig>,
  ) {
    this.fileTexts = fileTexts
    this.clusterTexts = clusterTexts
    this.brokerTexts = brokerTexts
    this.view = new ConfigView(BROKER_FILE_CONFIGS, values)
  }

  /** Throws one `ConfigError` that names everything that is wrong with the file. */
  static parse(given: ConfigTexts): BrokerConfig {
    const texts = withNodeId(given)
    const { values, problems } = parseTexts(BROKER_FILE_CONFIGS, texts)
    problems.push(...unknownNames(texts), ...missingNames(texts))
    if (problems.length === 0) {
      problems.push(...brokerProblems(new ConfigView(BROKER_FILE_CONFIGS, values)))
    }
    if (problems.length > 0) throw new ConfigError(problems.join('\n'))
    return new BrokerConfig(texts, NO_CONFIGS, NO_CONFIGS, values)
  }

  /**
   * The same file under other settings made at run time. One that cannot be parsed is left out: it was
   * accepted elsewhere, and a broker that refuses to run for it would help nobody.
   */
  withDynamic(clusterTexts: ConfigTexts, brokerTexts: ConfigTexts): BrokerConfig {
    const values = parseTexts(BROKER_FILE_CONFIGS, this.fileTexts).values
    for (const layer of [clusterTexts, brokerTexts]) {
      for (const [name, parsed] of parseTexts(BROKER_FILE_CONFIGS, layer).values) {
        values.set(name, parsed)
      }
    }
    return new BrokerConfig(this.fileTexts, clusterTexts, brokerTexts, values)
  }

  get<N extends BrokerConfigName>(name: N): ValueOf<BrokerConfigs[N]> {
    return this.view.get(name)
  }

  text(name: BrokerConfigName): string | null {
    return this.view.text(name)
  }

  /** The text of a name that may carry a listener prefix; null when it is nowhere given. */
  givenText(name: string): string | null {
    return (
      this.brokerTexts.get(name) ?? this.clusterTexts.get(name) ?? this.fileTexts.get(name) ?? null
    )
  }

  /** Whether a value stands in the file or was set at run time. */
  isGiven(name: BrokerConfigName): boolean {
    return this.view.isGiven(name)
  }
}

/** `node.id` and its old name `broker.id` stand for each other. */
function withNodeId(given: ConfigTexts): ConfigTexts {
  const id = given.get('node.id') ?? given.get('broker.id')
  return id === undefined ? given : new Map([...given, ['node.id', id], ['broker.id', id]])
}

function unknownNames(texts: ConfigTexts): string[] {
  const known = Object.keys(BROKER_FILE_CONFIGS)
  return [...texts.keys()]
    .filter(isUnknownBrokerConfig)
    .map((name) => unknownName('broker config name', name, known))
}

function missingNames(texts: ConfigTexts): string[] {
  const table: ConfigTable = BROKER_FILE_CONFIGS
  return Object.keys(table)
    .filter((name) => table[name]!.required && !texts.has(name))
    .map((name) => `Missing required configuration ${name}: it has no default`)
}
