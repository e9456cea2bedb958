import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compilePattern, PatternError } from '../../../src/group/modern/re2/pattern.ts'

/** What RE2/J 1.8, which Apache Kafka uses, says of patterns: an error, or which of the names match. */
type Vector = { pattern: string; matches: string } | { pattern: string; error: string }

const [header, ...vectors] = readFileSync(new URL('fixtures/re2.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as unknown) as [{ names: string[] }, ...Vector[]]

function verdict(pattern: string): string {
  try {
    const compiled = compilePattern(pattern)
    return header.names.map((name) => (compiled.matches(name) ? '1' : '0')).join('')
  } catch (error) {
    if (error instanceof PatternError) return 'error'
    throw error
  }
}

test('CGH-11 patterns are valid, and match, as with RE2', () => {
  expect(vectors.length).toBeGreaterThan(800)
  for (const vector of vectors) {
    const expected = 'error' in vector ? 'error' : vector.matches
    expect(verdict(vector.pattern), vector.pattern).toBe(expected)
  }
})

describe('CGH-11 patterns are bounded', () => {
  test('what takes other engines ages is matched before the test runs out of time', () => {
    const name = `${'a'.repeat(248)}b`
    for (const pattern of [
      '(a*)*c',
      '(a|aa)+c',
      '(a|a)*c',
      '(.*)(.*)(.*)(.*)(.*)c',
      'a?'.repeat(200),
    ]) {
      expect(compilePattern(pattern).matches(name), pattern).toBe(false)
    }
  })

  test('a pattern with too many states is refused, however short it is', () => {
    expect(() => compilePattern('(a{1000}){1000}')).toThrow(PatternError)
    expect(() => compilePattern('(((a{100}){100}){100}){100}')).toThrow('too large')
    expect(() => compilePattern('('.repeat(1_001))).toThrow('nested')
  })

  test('more sets of states than are remembered give the same answer', () => {
    const pattern = compilePattern('(a|b)*a(a|b){12}')
    const expected = /^(a|b)*a(a|b){12}$/
    for (let seed = 0; seed < 400; seed++) {
      let bits = Math.imul(seed + 1, 0x9e3779b1) >>> 0
      let name = ''
      for (let n = 0; n < 60; n++) {
        bits = (Math.imul(bits, 1_664_525) + 1_013_904_223) >>> 0
        name += bits & 0x10000 ? 'a' : 'b'
      }
      expect(pattern.matches(name)).toBe(expected.test(name))
    }
  })
})
