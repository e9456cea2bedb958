/**
 * From the text of a setting to its value and back. Texts are accepted as Kafka accepts them (blanks
 * around are dropped, numbers in Java's forms); what a describe shows is the value written anew, so
 * ` 060 ` becomes `60`.
 */
import { ApiError } from '@barnabas/base'
import { ErrorCode } from '@barnabas/protocol'
import type { ConfigDefinition, ConfigType, ConfigValue } from './definition.ts'

/** A setting that cannot be what it is said to be. The message names the setting and the remedy. */
export class ConfigError extends ApiError {
  constructor(message: string) {
    super(ErrorCode.INVALID_CONFIG, message)
  }
}

/** A value and its text in the form in which it is shown. */
export interface ParsedConfig<T extends ConfigValue = ConfigValue> {
  readonly value: T
  readonly text: string | null
}

const UNSET: ParsedConfig = { value: null, text: null }

/** Throws `ConfigError` when `text` is no value of that setting or breaks its rule. */
export function parseConfig<T extends ConfigValue>(
  name: string,
  definition: ConfigDefinition<T>,
  text: string | null,
): ParsedConfig<T> {
  const parsed = text === null ? UNSET : parseType(name, definition.type, text)
  const problem = definition.rule === null ? null : ruleProblem(definition, parsed.value)
  if (problem !== null) throw invalid(name, definition.type, text, problem)
  return parsed as ParsedConfig<T>
}

/** The default, parsed. Defaults keep their rules, so nothing is checked. */
export function parseDefault<T extends ConfigValue>(
  name: string,
  definition: ConfigDefinition<T>,
): ParsedConfig<T> {
  const text = definition.defaultText
  return (text === null ? UNSET : parseType(name, definition.type, text)) as ParsedConfig<T>
}

function ruleProblem(definition: ConfigDefinition, value: ConfigValue): string | null {
  if (value === null && definition.defaultText === null) return null
  return definition.rule!.problem(value)
}

function parseType(name: string, type: ConfigType, given: string): ParsedConfig {
  const text = given.trim()
  switch (type) {
    case 'boolean':
      return parseBoolean(name, text)
    case 'int':
      return parseInteger(name, type, text, 31n)
    case 'short':
      return parseInteger(name, type, text, 15n)
    case 'long':
      return parseInteger(name, type, text, 63n)
    case 'double':
      return parseDouble(name, text)
    case 'list':
      return parseList(text)
    case 'string':
    case 'class':
    case 'password':
      return { value: text, text }
  }
}

function parseBoolean(name: string, text: string): ParsedConfig {
  const lower = text.toLowerCase()
  if (lower === 'true') return { value: true, text: 'true' }
  if (lower === 'false') return { value: false, text: 'false' }
  throw invalid(name, 'boolean', text, 'Expected true or false')
}

function parseInteger(name: string, type: ConfigType, text: string, bits: bigint): ParsedConfig {
  if (!/^[+-]?\d{1,20}$/.test(text)) throw notOfType(name, type, text)
  const exact = BigInt(text.startsWith('+') ? text.slice(1) : text)
  const limit = 1n << bits
  if (exact >= limit || exact < -limit) throw notOfType(name, type, text)
  return { value: Number(exact), text: String(exact) }
}

function parseDouble(name: string, text: string): ParsedConfig {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?[df]?$/i.test(text)) {
    throw notOfType(name, 'double', text)
  }
  const value = Number.parseFloat(text)
  return { value, text: javaDoubleText(value) }
}

function parseList(text: string): ParsedConfig {
  const value = text === '' ? [] : text.split(/\s*,\s*/)
  return { value, text: value.join(',') }
}

function notOfType(name: string, type: ConfigType, text: string): ConfigError {
  return invalid(name, type, text, `Not a number of type ${type.toUpperCase()}`)
}

function invalid(
  name: string,
  type: ConfigType,
  text: string | null,
  problem: string,
): ConfigError {
  const shown = type === 'password' ? '[hidden]' : text
  return new ConfigError(`Invalid value ${shown} for configuration ${name}: ${problem}`)
}

/** A double as Java writes it: plain between 10^-3 and 10^7, else with an exponent; always a fraction. */
export function javaDoubleText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  const magnitude = Math.abs(value)
  if (magnitude >= 1e-3 && magnitude < 1e7) {
    const plain = String(value)
    return plain.includes('.') ? plain : `${plain}.0`
  }
  const [digits, exponent] = value.toExponential().split('e') as [string, string]
  const mantissa = digits.includes('.') ? digits : `${digits}.0`
  return `${mantissa}E${Number(exponent)}`
}
