/**
 * What a configuration setting is: its type, default, rule and how it may be changed. The tables of this
 * directory are made of these; the phantom type parameter carries the type of the value to whoever asks
 * a `ConfigView` for a setting by its name. Definitions are data and never change.
 */

export type ConfigType =
  | 'boolean'
  | 'string'
  | 'int'
  | 'short'
  | 'long'
  | 'double'
  | 'list'
  | 'class'
  | 'password'

export type ConfigValue = boolean | number | string | readonly string[] | null

/** Who may change a broker setting at run time. */
export type DynamicScope = 'read-only' | 'per-broker' | 'cluster-wide'

export type Importance = 'high' | 'medium' | 'low'

/** A rule on top of the type. `problem` says what is wrong with a value, or null when nothing is. */
export interface ConfigRule {
  /** The rule in the notation of Kafka's documentation, such as `[0,...]`. */
  readonly text: string
  problem(value: ConfigValue): string | null
}

export interface ConfigDefinition<T extends ConfigValue = ConfigValue> {
  readonly type: ConfigType
  /** In the form in which a describe shows it; null when the setting is unset by default. */
  readonly defaultText: string | null
  /** Whether a value must be given. */
  readonly required: boolean
  readonly rule: ConfigRule | null
  readonly importance: Importance
  readonly scope: DynamicScope
  /** Broker settings that give the default, the strongest first. Only on topic and group settings. */
  readonly brokerNames: readonly string[]
  /** Not listed by a describe. */
  readonly internal: boolean
  readonly doc: string | null
  /** Only for the type checker; never present. */
  readonly valueType?: T
}

export interface DefinitionOptions {
  rule?: ConfigRule
  importance?: Importance
  scope?: DynamicScope
  required?: boolean
  brokerNames?: readonly string[]
  internal?: boolean
  doc?: string
}

/** Settings by name. Written as one literal, so that names and value types are known to the checker. */
export type ConfigTable = Readonly<Record<string, ConfigDefinition>>

export type ValueOf<D> = D extends ConfigDefinition<infer T> ? T : never

type Nullable<T extends ConfigValue, D> = ConfigDefinition<D extends null ? T | null : T>

export function boolean(
  defaultText: 'true' | 'false',
  options?: DefinitionOptions,
): ConfigDefinition<boolean> {
  return define('boolean', defaultText, options)
}

export function string<D extends string | null>(defaultText: D, options?: DefinitionOptions) {
  return define('string', defaultText, options) as Nullable<string, D>
}

export function int<D extends string | null>(defaultText: D, options?: DefinitionOptions) {
  return define('int', defaultText, options) as Nullable<number, D>
}

export function short(defaultText: string, options?: DefinitionOptions): ConfigDefinition<number> {
  return define('short', defaultText, options)
}

/** 64 bits: the value as a number (beyond 2^53 the nearest), the text exact. */
export function long<D extends string | null>(defaultText: D, options?: DefinitionOptions) {
  return define('long', defaultText, options) as Nullable<number, D>
}

export function double(defaultText: string, options?: DefinitionOptions): ConfigDefinition<number> {
  return define('double', defaultText, options)
}

/** Texts separated by commas; the empty text is the empty list. */
export function list<D extends string | null>(defaultText: D, options?: DefinitionOptions) {
  return define('list', defaultText, options) as Nullable<readonly string[], D>
}

/** The name of a Java class. Kept for the sake of existing files; nothing is loaded. */
export function className(
  defaultText: string | null,
  options?: DefinitionOptions,
): ConfigDefinition<string | null> {
  return define('class', defaultText, options)
}

/** A secret: never shown. */
export function password(options?: DefinitionOptions): ConfigDefinition<string | null> {
  return define('password', null, options)
}

/** The value must be given in the file, so it is never null. */
export function required<T extends ConfigValue>(
  definition: ConfigDefinition<T | null>,
): ConfigDefinition<T> {
  return { ...definition, required: true } as ConfigDefinition<T>
}

function define<T extends ConfigValue>(
  type: ConfigType,
  defaultText: string | null,
  options: DefinitionOptions = {},
): ConfigDefinition<T> {
  return {
    type,
    defaultText,
    required: options.required ?? false,
    rule: options.rule ?? null,
    importance: options.importance ?? 'medium',
    scope: options.scope ?? 'read-only',
    brokerNames: options.brokerNames ?? [],
    internal: options.internal ?? false,
    doc: options.doc ?? null,
  }
}
