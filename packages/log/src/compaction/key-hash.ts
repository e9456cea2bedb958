/**
 * MurmurHash3 (x86, 128 bits) of a key, by which the offset map knows it: 128 bits make it practically
 * sure that two different keys are never taken for one. The words of the last hash stay in `KeyHash`,
 * so that hashing millions of keys allocates nothing.
 */
const C1 = 0x239b961b
const C2 = 0xab0e9789
const C3 = 0x38b34ae5
const C4 = 0xa1e38b93

export class KeyHash {
  h1 = 0
  h2 = 0
  h3 = 0
  h4 = 0

  /** Hashes `bytes[from, to)`. The words are unsigned 32-bit numbers. */
  update(bytes: Uint8Array, from: number, to: number): void {
    let h1 = 0
    let h2 = 0
    let h3 = 0
    let h4 = 0
    const length = to - from
    const tailAt = to - (length & 15)
    let at = from
    for (; at < tailAt; at += 16) {
      h1 ^= mix1(word(bytes, at))
      h1 = (Math.imul(((h1 << 19) | (h1 >>> 13)) + h2, 5) + 0x561ccd1b) | 0
      h2 ^= mix2(word(bytes, at + 4))
      h2 = (Math.imul(((h2 << 17) | (h2 >>> 15)) + h3, 5) + 0x0bcaa747) | 0
      h3 ^= mix3(word(bytes, at + 8))
      h3 = (Math.imul(((h3 << 15) | (h3 >>> 17)) + h4, 5) + 0x96cd1c35) | 0
      h4 ^= mix4(word(bytes, at + 12))
      h4 = (Math.imul(((h4 << 13) | (h4 >>> 19)) + h1, 5) + 0x32ac3b17) | 0
    }
    const left = to - at
    if (left > 12) h4 ^= mix4(wordUpTo(bytes, at + 12, to))
    if (left > 8) h3 ^= mix3(wordUpTo(bytes, at + 8, to))
    if (left > 4) h2 ^= mix2(wordUpTo(bytes, at + 4, to))
    if (left > 0) h1 ^= mix1(wordUpTo(bytes, at, to))
    this.finish(h1 ^ length, h2 ^ length, h3 ^ length, h4 ^ length)
  }

  private finish(a: number, b: number, c: number, d: number): void {
    const sum = (a + b + c + d) | 0
    const h1 = finalMix(sum)
    const h2 = finalMix((b + sum) | 0)
    const h3 = finalMix((c + sum) | 0)
    const h4 = finalMix((d + sum) | 0)
    const total = (h1 + h2 + h3 + h4) | 0
    this.h1 = total >>> 0
    this.h2 = (h2 + total) >>> 0
    this.h3 = (h3 + total) >>> 0
    this.h4 = (h4 + total) >>> 0
  }
}

function mix1(word: number): number {
  const k = Math.imul(word, C1)
  return Math.imul((k << 15) | (k >>> 17), C2)
}

function mix2(word: number): number {
  const k = Math.imul(word, C2)
  return Math.imul((k << 16) | (k >>> 16), C3)
}

function mix3(word: number): number {
  const k = Math.imul(word, C3)
  return Math.imul((k << 17) | (k >>> 15), C4)
}

function mix4(word: number): number {
  const k = Math.imul(word, C4)
  return Math.imul((k << 18) | (k >>> 14), C1)
}

function finalMix(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

/** The one to four bytes before `to`. */
function wordUpTo(bytes: Uint8Array, at: number, to: number): number {
  let value = 0
  for (let n = Math.min(at + 4, to) - 1; n >= at; n--) value = (value << 8) | bytes[n]!
  return value
}
