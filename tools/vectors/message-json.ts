/**
 * Compares a message of ours with Kafka's JSON form of it: fields of one version only, tagged fields only
 * when they differ from their default, integers beyond 2^53 as decimal text, bytes as base64.
 */
const MAX = Number.MAX_SAFE_INTEGER

type Json = null | boolean | number | string | Json[] | { [name: string]: Json }

/** Differences between the value read and the JSON expected; `path` says where. */
export function differences(actual: unknown, expected: Json, path = ''): string[] {
  if (expected === null || actual === null) {
    return expected === actual ? [] : [`${path}: ${show(actual)} instead of ${show(expected)}`]
  }
  if (actual instanceof Uint8Array) {
    const text = Buffer.from(actual).toString('base64')
    return text === expected ? [] : [`${path}: bytes ${text} instead of ${show(expected)}`]
  }
  if (Array.isArray(actual)) {
    if (!Array.isArray(expected)) return [`${path}: an array instead of ${show(expected)}`]
    if (actual.length !== expected.length)
      return [`${path}: ${actual.length} instead of ${expected.length} elements`]
    return actual.flatMap((item, index) => differences(item, expected[index]!, `${path}[${index}]`))
  }
  if (typeof actual === 'object') return objectDifferences(actual as object, expected, path)
  if (typeof actual === 'bigint' || typeof actual === 'number') {
    const same =
      String(actual) === String(expected) ||
      sameFloat(actual, expected) ||
      saturated(actual, expected)
    return same ? [] : [`${path}: ${actual} instead of ${show(expected)}`]
  }
  return actual === expected ? [] : [`${path}: ${show(actual)} instead of ${show(expected)}`]
}

function objectDifferences(actual: object, expected: Json, path: string): string[] {
  if (typeof expected !== 'object' || expected === null || Array.isArray(expected)) {
    return [`${path}: an object instead of ${show(expected)}`]
  }
  const fields = new Map(Object.entries(actual))
  return Object.entries(expected).flatMap(([name, value]) => {
    if (!fields.has(name)) return [`${path}.${name}: no such field`]
    return differences(fields.get(name), value, path === '' ? name : `${path}.${name}`)
  })
}

const sameFloat = (actual: number | bigint, expected: Json) =>
  typeof actual === 'number' && typeof expected === 'number' && actual === expected

/** A clamped int64: what JSON writes as text beyond 2^53 is the bound here. */
const saturated = (actual: number | bigint, expected: Json) =>
  typeof expected === 'string' &&
  Math.abs(Number(actual)) === MAX &&
  Math.abs(Number(expected)) > MAX

/** Whether the JSON holds an integer that does not fit a number. */
export function hasBeyondSafe(json: Json): boolean {
  if (typeof json === 'string') return /^-?\d{16,19}$/.test(json) && Math.abs(Number(json)) > MAX
  if (Array.isArray(json)) return json.some(hasBeyondSafe)
  return typeof json === 'object' && json !== null && Object.values(json).some(hasBeyondSafe)
}

function show(value: unknown): string {
  return typeof value === 'bigint'
    ? `${value}`
    : (JSON.stringify(value) ?? 'undefined').slice(0, 80)
}
