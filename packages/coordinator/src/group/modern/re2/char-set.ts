/** Sets of characters: what one position of a pattern matches. */

/** Whether a code point is in the set. */
export type CharSet = (codePoint: number) => boolean

export type Range = readonly [first: number, last: number]

export const ANY: CharSet = () => true
export const ANY_BUT_NEWLINE: CharSet = (codePoint) => codePoint !== 0x0a

export function ranges(...list: readonly Range[]): CharSet {
  return (codePoint) => list.some(([first, last]) => codePoint >= first && codePoint <= last)
}

export function not(set: CharSet): CharSet {
  return (codePoint) => !set(codePoint)
}

export function union(sets: readonly CharSet[]): CharSet {
  return (codePoint) => sets.some((set) => set(codePoint))
}

/** The set with all characters that differ from its own by case alone. */
export function folded(set: CharSet): CharSet {
  return (codePoint) => [...casesOf(codePoint)].some((each) => set(each))
}

/** All characters that are the same but for case. */
function casesOf(codePoint: number): Set<number> {
  const cases = new Set([codePoint])
  // A set is walked with what is added on the way: `ſ` has the capital `S`, and that `s`.
  for (const each of cases) {
    const character = String.fromCodePoint(each)
    for (const text of [character.toLowerCase(), character.toUpperCase()]) {
      if ([...text].length === 1) cases.add(text.codePointAt(0)!)
    }
  }
  // Letters outside of ASCII whose case leads into it, but not back: the Kelvin sign, and the long s.
  if (cases.has(0x6b)) cases.add(0x212a)
  if (cases.has(0x73)) cases.add(0x17f)
  return cases
}

const DIGIT: Range = [0x30, 0x39]
const UPPER: Range = [0x41, 0x5a]
const LOWER: Range = [0x61, 0x7a]
const SPACES = [0x09, 0x0a, 0x0c, 0x0d, 0x20]

export const isWord = ranges(DIGIT, UPPER, LOWER, [0x5f, 0x5f])

/** `\d`, `\s` and `\w`; of ASCII, as all of RE2's. */
export const PERL_SETS: Readonly<Record<string, CharSet>> = {
  d: ranges(DIGIT),
  s: (codePoint) => SPACES.includes(codePoint),
  w: isWord,
}

/** `[[:alpha:]]` and the like. */
export const POSIX_SETS: Readonly<Record<string, CharSet>> = {
  alnum: ranges(DIGIT, UPPER, LOWER),
  alpha: ranges(UPPER, LOWER),
  ascii: ranges([0x00, 0x7f]),
  blank: ranges([0x09, 0x09], [0x20, 0x20]),
  cntrl: ranges([0x00, 0x1f], [0x7f, 0x7f]),
  digit: ranges(DIGIT),
  graph: ranges([0x21, 0x7e]),
  lower: ranges(LOWER),
  print: ranges([0x20, 0x7e]),
  punct: ranges([0x21, 0x2f], [0x3a, 0x40], [0x5b, 0x60], [0x7b, 0x7e]),
  space: ranges([0x09, 0x0d], [0x20, 0x20]),
  upper: ranges(UPPER),
  word: isWord,
  xdigit: ranges(DIGIT, [0x41, 0x46], [0x61, 0x66]),
}

/** A general category (`L`, `Lu`) or a script (`Greek`); null when there is none of that name. */
export function unicodeSet(name: string): CharSet | null {
  if (name === 'Any') return ANY
  if (!/^[A-Za-z_]+$/.test(name)) return null
  const property = /^[A-Z][a-z]?$/.test(name) ? `gc=${name}` : `sc=${name}`
  let pattern: RegExp
  try {
    pattern = new RegExp(`^\\p{${property}}$`, 'u')
  } catch {
    return null
  }
  return (codePoint) => pattern.test(String.fromCodePoint(codePoint))
}
