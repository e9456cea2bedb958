/**
 * Parses the syntax of RE2, Perl's flavour: everything but what cannot be matched in linear time, such as
 * references to groups and looking ahead or behind, which is an error.
 */
import { PATTERN_DEPTH_MAX, PATTERN_REPEAT_MAX } from '../limits.ts'
import { ANY, ANY_BUT_NEWLINE, folded, type CharSet } from './char-set.ts'
import { ClassParser, singleCharacter } from './class-parser.ts'
import { EMPTY, PatternError, type Node, type Place } from './syntax.ts'

interface Flags {
  readonly ignoreCase: boolean
  readonly multiLine: boolean
  readonly dotIsAny: boolean
}

const FLAGS: Readonly<Record<string, keyof Flags | null>> = {
  i: 'ignoreCase',
  m: 'multiLine',
  s: 'dotIsAny',
  // Swaps greedy and lazy, which makes no difference here.
  U: null,
}

const ESCAPED_PLACES: Readonly<Record<string, Place>> = {
  A: 'textStart',
  z: 'textEnd',
  b: 'wordEdge',
  B: 'noWordEdge',
}

export function parsePattern(text: string): Node {
  return new Parser(text).parse()
}

class Parser {
  private readonly characters: readonly string[]
  private readonly classes: ClassParser
  private readonly groupNames = new Set<string>()
  private at = 0
  private depth = 0
  private flags: Flags = { ignoreCase: false, multiLine: false, dotIsAny: false }

  constructor(text: string) {
    this.characters = [...text]
    this.classes = new ClassParser(this.characters)
  }

  parse(): Node {
    const node = this.choice()
    if (this.at < this.characters.length) throw new PatternError('unexpected )')
    return node
  }

  private choice(): Node {
    if (++this.depth > PATTERN_DEPTH_MAX) throw new PatternError('groups are nested too deeply')
    const nodes = [this.sequence()]
    while (this.take('|')) nodes.push(this.sequence())
    this.depth--
    return nodes.length === 1 ? nodes[0]! : { kind: 'choice', nodes }
  }

  private sequence(): Node {
    const nodes: Node[] = []
    let repeated = false
    while (this.at < this.characters.length && !this.sees('|') && !this.sees(')')) {
      const repeat = this.repetition()
      if (repeat === null) {
        // Kafka's RE2 takes a brace for a repetition even if it is none and stands for itself.
        repeated = this.sees('{')
        nodes.push(...this.atom())
        continue
      }
      const node = nodes.pop()
      if (node === undefined) throw new PatternError('missing argument to repetition operator')
      if (repeated) throw new PatternError('invalid nested repetition operator')
      nodes.push(repeatNode(node, ...repeat))
      repeated = true
    }
    return nodes.length === 1 ? nodes[0]! : { kind: 'sequence', nodes }
  }

  /** `*`, `+`, `?`, `{2,3}` with or without `?` behind; null when there is none here. */
  private repetition(): [min: number, max: number] | null {
    let bounds: [number, number] | null = null
    if (this.take('*')) bounds = [0, Number.POSITIVE_INFINITY]
    else if (this.take('+')) bounds = [1, Number.POSITIVE_INFINITY]
    else if (this.take('?')) bounds = [0, 1]
    else if (this.sees('{')) bounds = this.countedRepetition()
    if (bounds !== null) this.take('?')
    return bounds
  }

  /** What looks like one but is none is taken literally. */
  private countedRepetition(): [number, number] | null {
    const rest = this.characters.slice(this.at, this.at + 24).join('')
    const found = /^\{(0|[1-9][0-9]*)(,?)(0|[1-9][0-9]*)?\}/.exec(rest)
    if (found === null || (found[2] === '' && found[3] !== undefined)) return null
    this.at += found[0].length
    const min = Number(found[1])
    const open = found[2] === ',' && found[3] === undefined
    const max = open ? Number.POSITIVE_INFINITY : Number(found[3] ?? found[1])
    const greatest = open ? min : max
    if (min > max || greatest > PATTERN_REPEAT_MAX) throw new PatternError('invalid repeat count')
    return [min, max]
  }

  private atom(): Node[] {
    const character = this.characters[this.at++]!
    switch (character) {
      case '(':
        return this.group()
      case '[': {
        const [set, end] = this.classes.parse(this.at, this.flags.ignoreCase)
        this.at = end
        return [{ kind: 'set', set }]
      }
      case '.':
        return [{ kind: 'set', set: this.flags.dotIsAny ? ANY : ANY_BUT_NEWLINE }]
      case '^':
        return [{ kind: 'place', place: this.flags.multiLine ? 'lineStart' : 'textStart' }]
      case '$':
        return [{ kind: 'place', place: this.flags.multiLine ? 'lineEnd' : 'textEnd' }]
      case '\\':
        return this.escape()
      default:
        return [this.literal(character.codePointAt(0)!)]
    }
  }

  /** A group, or flags that hold for the rest of the group around them. */
  private group(): Node[] {
    const outer = this.flags
    if (this.take('?')) {
      const name = this.groupName()
      if (name === null && !this.groupFlags()) return []
    }
    const node = this.choice()
    if (!this.take(')')) throw new PatternError('missing closing )')
    this.flags = outer
    return [node]
  }

  private groupName(): string | null {
    const rest = this.characters.slice(this.at).join('')
    const found = /^P?<([^>]*)>/.exec(rest)
    if (found === null) return null
    const name = found[1]!
    if (!/^[A-Za-z0-9_]+$/.test(name) || this.groupNames.has(name)) {
      throw new PatternError('invalid named capture')
    }
    this.groupNames.add(name)
    this.at += found[0].length
    return name
  }

  /** True when a group follows, false when flags were all there was. */
  private groupFlags(): boolean {
    let value = true
    let seen = false
    let flags = this.flags
    for (;;) {
      const character = this.characters[this.at++]
      if (character === ':' || character === ')') {
        if (!value && !seen) break
        this.flags = flags
        return character === ':'
      }
      if (character === '-' && value) {
        value = false
        seen = false
        continue
      }
      const flag = character === undefined ? undefined : FLAGS[character]
      if (flag === undefined) break
      if (flag !== null) flags = { ...flags, [flag]: value }
      seen = true
    }
    throw new PatternError('invalid or unsupported Perl syntax')
  }

  private escape(): Node[] {
    const character = this.characters[this.at]
    if (character === undefined) throw new PatternError('trailing backslash')
    if (character === 'Q') return this.quoted()
    const place = ESCAPED_PLACES[character]
    if (place !== undefined) {
      this.at++
      return [{ kind: 'place', place }]
    }
    const [set, end] = this.classes.escapedSet(this.at)
    if (set !== null) {
      this.at = end
      return [{ kind: 'set', set: this.fold(set) }]
    }
    const [codePoint, next] = singleCharacter(this.characters, this.at)
    this.at = next
    return [this.literal(codePoint)]
  }

  /** `\Q...\E`: everything up to its end stands for itself. */
  private quoted(): Node[] {
    this.at++
    const nodes: Node[] = []
    while (this.at < this.characters.length) {
      if (this.sees('\\') && this.characters[this.at + 1] === 'E') {
        this.at += 2
        break
      }
      nodes.push(this.literal(this.characters[this.at++]!.codePointAt(0)!))
    }
    return nodes
  }

  private literal(codePoint: number): Node {
    return { kind: 'set', set: this.fold((other) => other === codePoint) }
  }

  private fold(set: CharSet): CharSet {
    return this.flags.ignoreCase ? folded(set) : set
  }

  private sees(character: string): boolean {
    return this.characters[this.at] === character
  }

  private take(character: string): boolean {
    if (!this.sees(character)) return false
    this.at++
    return true
  }
}

function repeatNode(node: Node, min: number, max: number): Node {
  return max === 0 ? EMPTY : { kind: 'repeat', node, min, max }
}
