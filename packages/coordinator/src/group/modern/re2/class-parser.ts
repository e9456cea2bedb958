/** Parses `[...]`, and the escapes that stand for one character or a set of them. */
import {
  folded,
  not,
  PERL_SETS,
  POSIX_SETS,
  ranges,
  unicodeSet,
  union,
  type CharSet,
} from './char-set.ts'
import { PatternError } from './syntax.ts'

const CONTROLS: Readonly<Record<string, number>> = {
  a: 0x07,
  f: 0x0c,
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  v: 0x0b,
}
const CODE_POINT_MAX = 0x10ffff

export class ClassParser {
  private readonly characters: readonly string[]

  constructor(characters: readonly string[]) {
    this.characters = characters
  }

  /** From behind the bracket; returns the set, and where the class ends. */
  parse(start: number, ignoreCase: boolean): [set: CharSet, end: number] {
    let at = start
    const negated = this.characters[at] === '^'
    if (negated) at++
    const sets: CharSet[] = []
    for (let first = true; first || this.characters[at] !== ']'; first = false) {
      if (at >= this.characters.length) throw new PatternError('missing closing ]')
      const [set, end] = this.posixSet(at) ?? this.setOrRange(at)
      sets.push(set)
      at = end
    }
    const all = union(sets)
    const set = ignoreCase ? folded(all) : all
    return [negated ? not(set) : set, at + 1]
  }

  /** `\d`, `\pL` and the like behind the backslash; null when the escape means something else. */
  escapedSet(at: number): [set: CharSet | null, end: number] {
    const character = this.characters[at] ?? ''
    const lower = character.toLowerCase()
    const perl = PERL_SETS[lower]
    if (perl !== undefined) return [character === lower ? perl : not(perl), at + 1]
    return lower === 'p' ? this.unicode(at) : [null, at]
  }

  private unicode(at: number): [set: CharSet, end: number] {
    let negated = this.characters[at] === 'P'
    let name = this.characters[at + 1] ?? ''
    let end = at + 2
    if (name === '{') {
      const close = this.characters.indexOf('}', end)
      if (close === -1) throw invalidRange()
      name = this.characters.slice(end, close).join('')
      end = close + 1
      if (name.startsWith('^')) {
        negated = !negated
        name = name.slice(1)
      }
    }
    const set = unicodeSet(name)
    if (set === null) throw invalidRange()
    return [negated ? not(set) : set, end]
  }

  private posixSet(at: number): [set: CharSet, end: number] | null {
    if (this.characters[at] !== '[' || this.characters[at + 1] !== ':') return null
    const rest = this.characters.slice(at + 2).join('')
    const close = rest.indexOf(':]')
    if (close === -1) return null
    const name = rest.slice(0, close)
    const negated = name.startsWith('^')
    const set = POSIX_SETS[negated ? name.slice(1) : name]
    if (set === undefined) throw invalidRange()
    return [negated ? not(set) : set, at + 2 + [...name].length + 2]
  }

  private setOrRange(at: number): [set: CharSet, end: number] {
    if (this.characters[at] === '\\') {
      const [set, end] = this.escapedSet(at + 1)
      if (set !== null) return [set, end]
    }
    const [first, next] = this.classCharacter(at)
    const after = this.characters[next + 1]
    if (this.characters[next] !== '-' || after === undefined || after === ']') {
      return [ranges([first, first]), next]
    }
    const [last, end] = this.classCharacter(next + 1)
    if (last < first) throw invalidRange()
    return [ranges([first, last]), end]
  }

  private classCharacter(at: number): [codePoint: number, end: number] {
    const character = this.characters[at]
    if (character === undefined) throw new PatternError('missing closing ]')
    if (character === '\\') return singleCharacter(this.characters, at + 1)
    return [character.codePointAt(0)!, at + 1]
  }
}

/** The character that an escape stands for, from behind the backslash, and where the escape ends. */
export function singleCharacter(
  characters: readonly string[],
  at: number,
): [codePoint: number, end: number] {
  const character = characters[at]
  if (character === undefined) throw new PatternError('trailing backslash')
  const control = CONTROLS[character]
  if (control !== undefined) return [control, at + 1]
  if (character === 'x') return hexadecimal(characters, at + 1)
  const digits = characters.slice(at, at + 3).join('')
  // A single digit would refer to a group; with more it is an octal number.
  const octal = /^(0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(digits)
  if (octal !== null) return [Number.parseInt(octal[0], 8), at + octal[0].length]
  if (/[A-Za-z0-9]/.test(character)) throw new PatternError('invalid escape sequence')
  return [character.codePointAt(0)!, at + 1]
}

function hexadecimal(characters: readonly string[], at: number): [codePoint: number, end: number] {
  const rest = characters.slice(at, at + 16).join('')
  const found = /^(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]+)\})/.exec(rest)
  if (found === null) throw new PatternError('invalid escape sequence')
  const codePoint = Number.parseInt(found[1] ?? found[2]!, 16)
  if (codePoint > CODE_POINT_MAX) throw new PatternError('invalid escape sequence')
  return [codePoint, at + found[0].length]
}

function invalidRange(): PatternError {
  return new PatternError('invalid character class range')
}
