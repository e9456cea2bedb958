/**
 * The rules that settings must keep on top of their type. Each is data plus one pure check; the problem
 * texts begin with a capital and end up behind "Invalid value X for configuration Y: ".
 */
import type { ConfigRule, ConfigValue } from './definition.ts'

export function atLeast(minimum: number): ConfigRule {
  return {
    text: `[${minimum},...]`,
    problem: (value) =>
      typeof value === 'number' && value >= minimum ? null : `Value must be at least ${minimum}`,
  }
}

export function between(minimum: number, maximum: number): ConfigRule {
  return {
    text: `[${minimum},...,${maximum}]`,
    problem: (value) =>
      typeof value === 'number' && value >= minimum && value <= maximum
        ? null
        : `Value must be between ${minimum} and ${maximum}`,
  }
}

/** A range, or one value outside it that means "the default of the library". */
export function betweenOr(minimum: number, maximum: number, other: number): ConfigRule {
  const range = between(minimum, maximum)
  return {
    text: `${range.text} or ${other}`,
    problem: (value) =>
      value === other || range.problem(value) === null
        ? null
        : `Value must be between ${minimum} and ${maximum} or equal to ${other}`,
  }
}

/** One text of a list. */
export function oneOf(...allowed: readonly string[]): ConfigRule {
  return {
    text: `[${allowed.join(', ')}]`,
    problem: (value) =>
      typeof value === 'string' && allowed.includes(value)
        ? null
        : `Value must be one of ${allowed.join(', ')}`,
  }
}

export function oneOfAnyCase(...allowed: readonly string[]): ConfigRule {
  return {
    text: `(case insensitive) [${allowed.join(', ')}]`,
    problem: (value) =>
      typeof value === 'string' && allowed.some((text) => sameIgnoringCase(text, value))
        ? null
        : `Value must be one of ${allowed.join(', ')}, in any case`,
  }
}

/** A list whose elements are all allowed and stand there once. May be empty. */
export function listOf(...allowed: readonly string[]): ConfigRule {
  return {
    text: `[${allowed.join(', ')}]`,
    problem: (value) => {
      const trouble = elementsProblem(value)
      if (trouble !== null || value === null) return trouble
      const wrong = (value as readonly string[]).find((text) => !allowed.includes(text))
      return wrong === undefined ? null : `Element '${wrong}' must be one of ${allowed.join(', ')}`
    },
  }
}

/** A list without empty and without repeated elements. May be empty or unset. */
export const distinctElements: ConfigRule = { text: '', problem: elementsProblem }

export const notNull: ConfigRule = {
  text: 'non-null string',
  problem: (value) => (value === null ? 'Value must not be null' : null),
}

export const notEmpty: ConfigRule = {
  text: 'non-empty string',
  problem: (value) => (value === '' ? 'Value must not be empty' : null),
}

/** Servers of the metadata quorum as `host:port`, or none. */
export const hostsAndPorts: ConfigRule = {
  text: 'non-empty list',
  problem: (value) => matchingElements(value, /^[^\s@]+:\d{1,5}$/, 'host:port'),
}

/** Voters of the metadata quorum as `id@host:port`, or none. */
export const voters: ConfigRule = {
  text: 'non-empty list',
  problem: (value) => matchingElements(value, /^\d+@[^\s@]+:\d{1,5}$/, 'id@host:port'),
}

/** `partition:broker` pairs, or `*` for all replicas. */
export const throttledReplicas: ConfigRule = {
  text: '[partitionId]:[brokerId],[partitionId]:[brokerId],...',
  problem: (value) => {
    if (!Array.isArray(value)) return 'Value must be a list'
    if (value.length === 1 && (value[0] === '*' || value[0] === 'none')) return null
    return matchingElements(value, /^\d+:\d+$/, 'partitionId:brokerId')
  },
}

/** Where a share group begins: `latest`, `earliest` or `by_duration:` and an ISO 8601 duration. */
export const shareOffsetReset: ConfigRule = {
  text: '[latest, earliest, by_duration:PnDTnHnMn.nS]',
  problem: (value) => {
    if (value === 'latest' || value === 'earliest') return null
    const isDuration = typeof value === 'string' && value.startsWith('by_duration:')
    if (isDuration && isoDuration((value as string).slice('by_duration:'.length))) return null
    return 'Value must be latest, earliest or by_duration:PnDTnHnMn.nS with a duration that is not negative'
  },
}

const MATCH_KEYS = [
  'client_instance_id',
  'client_id',
  'client_software_name',
  'client_software_version',
  'client_source_address',
  'client_source_port',
]

/** Conditions of a client metrics subscription: `key=regular expression`. */
export const clientMatches: ConfigRule = {
  text: 'key=pattern,...',
  problem: (value) => {
    for (const element of (value ?? []) as readonly string[]) {
      const at = element.indexOf('=')
      if (at < 0) return `'${element}' is not of the form key=pattern`
      if (!MATCH_KEYS.includes(element.slice(0, at).trim())) {
        return `'${element}' must begin with one of ${MATCH_KEYS.join(', ')}`
      }
      if (!isPattern(element.slice(at + 1))) return `'${element}' is no valid regular expression`
    }
    return null
  },
}

function elementsProblem(value: ConfigValue): string | null {
  if (value === null) return null
  if (!Array.isArray(value)) return 'Value must be a list'
  if (value.includes('')) return 'A list must not have empty elements'
  const twice = value.find((element, at) => value.indexOf(element) !== at)
  return twice === undefined ? null : `'${twice}' stands in the list more than once`
}

function matchingElements(value: ConfigValue, pattern: RegExp, form: string): string | null {
  if (value === null) return null
  const wrong = (value as readonly string[]).find((element) => !pattern.test(element))
  return wrong === undefined ? null : `'${wrong}' is not of the form ${form}`
}

function isoDuration(text: string): boolean {
  const form = /^P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d{1,9})?S)?)?$/i
  return form.test(text)
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text)
    return true
  } catch {
    return false
  }
}

function sameIgnoringCase(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase()
}
