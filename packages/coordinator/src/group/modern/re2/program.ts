/** A pattern as an automaton: states between which one goes by characters or for free. */
import { PATTERN_STATES_MAX } from '../limits.ts'
import type { CharSet } from './char-set.ts'
import { PatternError, type Node, type Place } from './syntax.ts'

export type State =
  | { readonly kind: 'set'; readonly set: CharSet; readonly next: number }
  | { readonly kind: 'place'; readonly place: Place; readonly next: number }
  | { readonly kind: 'split'; readonly next: readonly number[] }
  | { readonly kind: 'match' }

export interface Program {
  readonly states: readonly State[]
  readonly start: number
}

export function compileProgram(node: Node): Program {
  const compiler = new Compiler()
  const match = compiler.add({ kind: 'match' })
  const start = compiler.compile(node, match)
  return { states: compiler.states, start }
}

/** Builds from the end: `compile` returns the state in which `node` begins and leads on to `next`. */
class Compiler {
  readonly states: State[] = []

  add(state: State): number {
    if (this.states.length >= PATTERN_STATES_MAX) throw new PatternError('the pattern is too large')
    return this.states.push(state) - 1
  }

  compile(node: Node, next: number): number {
    switch (node.kind) {
      case 'set':
        return this.add({ kind: 'set', set: node.set, next })
      case 'place':
        return this.add({ kind: 'place', place: node.place, next })
      case 'sequence':
        return node.nodes.reduceRight((following, each) => this.compile(each, following), next)
      case 'choice': {
        const branches = node.nodes.map((each) => this.compile(each, next))
        return this.add({ kind: 'split', next: branches })
      }
      case 'repeat':
        return this.repeat(node.node, node.min, node.max, next)
    }
  }

  private repeat(node: Node, min: number, max: number, next: number): number {
    let at = Number.isFinite(max) ? next : this.loop(node, next)
    const optional = Number.isFinite(max) ? max - min : 0
    for (let n = 0; n < optional; n++) {
      at = this.add({ kind: 'split', next: [this.compile(node, at), next] })
    }
    for (let n = 0; n < min; n++) at = this.compile(node, at)
    return at
  }

  /** Any number of times: the end of the node leads back to where it begins. */
  private loop(node: Node, next: number): number {
    const turns: number[] = []
    const start = this.add({ kind: 'split', next: turns })
    turns.push(this.compile(node, start), next)
    return start
  }
}
