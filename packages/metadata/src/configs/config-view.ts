/**
 * Settings of one table with their values: those given, else the defaults. Values have the type their
 * definition says, so `view.get('retention.ms')` is a number and a mistyped name does not compile.
 */
import type { ConfigDefinition, ConfigTable, ValueOf } from './definition.ts'
import { ConfigError, parseConfig, type ParsedConfig, parseDefault } from './parse.ts'

export type ConfigTexts = ReadonlyMap<string, string>

export const NO_CONFIGS: ConfigTexts = new Map()

const defaults = new WeakMap<ConfigDefinition, ParsedConfig>()

export class ConfigView<T extends ConfigTable> {
  readonly table: T
  private readonly given: ReadonlyMap<string, ParsedConfig>

  constructor(table: T, given: ReadonlyMap<string, ParsedConfig>) {
    this.table = table
    this.given = given
  }

  get<N extends keyof T & string>(name: N): ValueOf<T[N]> {
    return this.parsed(name).value as ValueOf<T[N]>
  }

  /** The value as a describe shows it. */
  text(name: keyof T & string): string | null {
    return this.parsed(name).text
  }

  /** Whether a value was given, whatever it is. */
  isGiven(name: keyof T & string): boolean {
    return this.given.has(name)
  }

  private parsed(name: keyof T & string): ParsedConfig {
    return this.given.get(name) ?? defaultOf(name, this.table[name]!)
  }
}

/** The parsed default of a setting; parsed once in the life of the process. */
export function defaultOf(name: string, definition: ConfigDefinition): ParsedConfig {
  let parsed = defaults.get(definition)
  if (parsed === undefined) {
    parsed = parseDefault(name, definition)
    defaults.set(definition, parsed)
  }
  return parsed
}

export interface ParsedTexts {
  readonly values: Map<string, ParsedConfig>
  /** What is wrong, one sentence a setting. */
  readonly problems: string[]
}

/** Parses all texts whose names the table has; names it lacks are the caller's matter. */
export function parseTexts(table: ConfigTable, texts: ConfigTexts): ParsedTexts {
  const values = new Map<string, ParsedConfig>()
  const problems: string[] = []
  for (const [name, text] of texts) {
    if (!Object.hasOwn(table, name)) continue
    try {
      values.set(name, parseConfig(name, table[name]!, text))
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      problems.push(error.message)
    }
  }
  return { values, problems }
}
