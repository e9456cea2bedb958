/** Version ranges of schemas, and the conditions on the version `v` that generated code needs for them. */

export interface Range {
  min: number
  max: number
}

export const NONE: Range = { min: 1, max: 0 }
export const MAX_VERSION = 32767

export function parseRange(text: string): Range {
  if (text === 'none') return NONE
  const match = /^(\d+)(\+|-(\d+))?$/.exec(text)
  if (!match) throw new Error(`not a version range: ${text}`)
  const min = Number(match[1])
  if (match[2] === '+') return { min, max: MAX_VERSION }
  return { min, max: match[3] === undefined ? min : Number(match[3]) }
}

export const isEmpty = (range: Range): boolean => range.min > range.max

export function intersect(a: Range, b: Range): Range {
  const both = { min: Math.max(a.min, b.min), max: Math.min(a.max, b.max) }
  return isEmpty(both) ? NONE : both
}

/** When a thing that exists in `range` exists, for code that is only reached in `within`. */
export type Condition = { always: true } | { never: true } | { test: string }

export function condition(range: Range, within: Range): Condition {
  const both = intersect(range, within)
  if (isEmpty(both)) return { never: true }
  const tests: string[] = []
  if (both.min > within.min) tests.push(`v >= ${both.min}`)
  if (both.max < within.max) tests.push(`v <= ${both.max}`)
  return tests.length === 0 ? { always: true } : { test: tests.join(' && ') }
}

/** An expression that is `yes` under the condition and `no` otherwise. */
export function choose(when: Condition, yes: string, no: string): string {
  if ('always' in when || yes === no) return yes
  if ('never' in when) return no
  return `${when.test.includes('&&') ? `(${when.test})` : when.test} ? ${wrap(yes)} : ${wrap(no)}`
}

const wrap = (expression: string) => (expression.includes(' ? ') ? `(${expression})` : expression)
