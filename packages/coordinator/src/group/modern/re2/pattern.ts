/**
 * Regular expressions with the syntax and meaning of RE2, in which consumers subscribe to topics. Matching
 * takes time in proportion to the text, whatever the pattern: all states that the automaton can be in are
 * followed at once, and sets of states that were met before are remembered.
 */
import { PATTERN_CACHE_MAX } from '../limits.ts'
import { isWord } from './char-set.ts'
import { parsePattern } from './parser.ts'
import { compileProgram, type Program } from './program.ts'
import type { Place } from './syntax.ts'

export { PatternError } from './syntax.ts'

export interface Pattern {
  /** Whether the whole text matches. */
  matches(text: string): boolean
}

/** Raises `PatternError`. */
export function compilePattern(text: string): Pattern {
  return new Matcher(compileProgram(parsePattern(text)))
}

/** What stood before the place the automaton is at. */
const START = -1
const NOT_WORD = 0x20
const WORD = 0x61
const NEWLINE = 0x0a
/** What stands behind the last character. */
const END = -1

interface Knot {
  /** States before any free way was taken. */
  readonly states: readonly number[]
  readonly before: number
  /** By the next character. */
  readonly next: Map<number, Knot>
  accepts: boolean | null
}

class Matcher implements Pattern {
  private readonly program: Program
  private readonly knots = new Map<string, Knot>()

  constructor(program: Program) {
    this.program = program
  }

  matches(text: string): boolean {
    let knot = this.knotOf([this.program.start], START)
    for (const character of text) {
      const codePoint = character.codePointAt(0)!
      let next = knot.next.get(codePoint)
      if (next === undefined) {
        next = this.step(knot, codePoint)
        knot.next.set(codePoint, next)
      }
      if (next.states.length === 0) return false
      knot = next
    }
    knot.accepts ??= this.reach(knot, END).some((state) => this.isMatch(state))
    return knot.accepts
  }

  private step(knot: Knot, codePoint: number): Knot {
    const { states } = this.program
    const next = new Set<number>()
    for (const at of this.reach(knot, codePoint)) {
      const state = states[at]!
      if (state.kind === 'set' && state.set(codePoint)) next.add(state.next)
    }
    return this.knotOf([...next], kindOf(codePoint))
  }

  /** All states one can be in without another character. */
  private reach({ states, before }: Knot, after: number): number[] {
    const reached = new Set<number>()
    const open = [...states]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (reached.has(at)) continue
      reached.add(at)
      const state = this.program.states[at]!
      if (state.kind === 'split') open.push(...state.next)
      else if (state.kind === 'place' && holds(state.place, before, after)) open.push(state.next)
    }
    return [...reached]
  }

  private isMatch(at: number): boolean {
    return this.program.states[at]!.kind === 'match'
  }

  private knotOf(states: number[], before: number): Knot {
    states.sort((one, other) => one - other)
    const key = `${before}:${states.join()}`
    const known = this.knots.get(key)
    if (known !== undefined) return known
    if (this.knots.size >= PATTERN_CACHE_MAX) {
      for (const { next } of this.knots.values()) next.clear()
      this.knots.clear()
    }
    const knot: Knot = { states, before, next: new Map(), accepts: null }
    this.knots.set(key, knot)
    return knot
  }
}

function kindOf(codePoint: number): number {
  if (codePoint === NEWLINE) return NEWLINE
  return isWord(codePoint) ? WORD : NOT_WORD
}

function holds(place: Place, before: number, after: number): boolean {
  switch (place) {
    case 'textStart':
      return before === START
    case 'textEnd':
      return after === END
    case 'lineStart':
      return before === START || before === NEWLINE
    case 'lineEnd':
      return after === END || after === NEWLINE
    case 'wordEdge':
      return isWord(before) !== isWord(after)
    case 'noWordEdge':
      return isWord(before) === isWord(after)
  }
}
