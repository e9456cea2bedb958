/** A parsed pattern. What a group captures, and whether a repetition is greedy, does not count for us. */
import type { CharSet } from './char-set.ts'

/** Not a valid pattern; the message says what is wrong with it. */
export class PatternError extends Error {
  override readonly name = 'PatternError'
}

/** A place between characters. */
export type Place = 'textStart' | 'textEnd' | 'lineStart' | 'lineEnd' | 'wordEdge' | 'noWordEdge'

export type Node =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'sequence'; readonly nodes: readonly Node[] }
  | { readonly kind: 'choice'; readonly nodes: readonly Node[] }
  /** `max` is infinite for an open end. */
  | { readonly kind: 'repeat'; readonly node: Node; readonly min: number; readonly max: number }

export const EMPTY: Node = { kind: 'sequence', nodes: [] }
