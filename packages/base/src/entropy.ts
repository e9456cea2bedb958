/**
 * Randomness from a seed: the `Entropy` of tests, simulation and everything that must be repeatable.
 * The generator is xoshiro128** by Blackman and Vigna; not for secrets. Draws that every `Entropy` can
 * serve stand here too.
 */
import { assert } from './errors.ts'
import type { Entropy } from './world.ts'

const TWO_32 = 4294967296

/** A repeatable stream: equal seeds give equal numbers. */
export function seededEntropy(seed: number | string): Entropy {
  return new SeededEntropy(mixName(Uint32Array.of(1, 2, 3, 4), String(seed)))
}

/** A whole number in [0, limit), each equally likely. `limit` is at most 2^32. */
export function randomBelow(entropy: Entropy, limit: number): number {
  assert(limit >= 1 && limit <= TWO_32, `no random number below ${limit}`)
  // The last, incomplete run of `limit` values would favour the small ones: draw again.
  const fair = TWO_32 - (TWO_32 % limit)
  let value = entropy.nextU32()
  while (value >= fair) value = entropy.nextU32()
  return value % limit
}

/** A number in [0, 1). */
export function randomFraction(entropy: Entropy): number {
  return entropy.nextU32() / TWO_32
}

/** True with the given probability. */
export function chance(entropy: Entropy, probability: number): boolean {
  return randomFraction(entropy) < probability
}

class SeededEntropy implements Entropy {
  private readonly seed: Uint32Array
  private a: number
  private b: number
  private c: number
  private d: number

  constructor(seed: Uint32Array) {
    this.seed = seed
    this.a = seed[0]! | 0
    this.b = seed[1]! | 0
    this.c = seed[2]! | 0
    this.d = seed[3]! | 1 // a state of all zeros would never leave it
  }

  nextU32(): number {
    const scrambled = Math.imul(this.b, 5)
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0
    const shifted = this.b << 9
    this.c ^= this.a
    this.d ^= this.b
    this.b ^= this.c
    this.a ^= this.d
    this.c ^= shifted
    this.d = (this.d << 11) | (this.d >>> 21)
    return result
  }

  fill(into: Uint8Array): void {
    for (let at = 0; at < into.length; ) {
      let word = this.nextU32()
      for (let n = 0; n < 4 && at < into.length; n++) {
        into[at++] = word
        word >>>= 8
      }
    }
  }

  fork(name: string): Entropy {
    return new SeededEntropy(mixName(this.seed, name))
  }
}

/** Four words that depend on every bit of `from` and every character of `name`. */
function mixName(from: Uint32Array, name: string): Uint32Array {
  const words = from.slice()
  for (let at = 0; at < name.length; at++) mixWord(words, name.charCodeAt(at))
  mixWord(words, name.length)
  for (let round = 0; round < 8; round++) mixWord(words, round)
  return words
}

function mixWord(words: Uint32Array, value: number): void {
  let carry = scramble(words[3]! ^ Math.imul(value + 1, 0x9e3779b1))
  for (let n = 0; n < 4; n++) {
    carry = scramble((words[n]! + carry) | 0)
    words[n] = carry
  }
}

/** Spreads every input bit over all output bits (the finish of MurmurHash3). */
function scramble(value: number): number {
  let x = value
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return x ^ (x >>> 16)
}
