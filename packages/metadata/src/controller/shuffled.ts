import { type Entropy, randomBelow } from '@barnabas/base'

/** A copy in random order, every order equally likely. */
export function shuffled<T>(list: readonly T[], entropy: Entropy): T[] {
  const result = [...list]
  for (let last = result.length - 1; last > 0; last--) {
    const at = randomBelow(entropy, last + 1)
    const moved = result[last]!
    result[last] = result[at]!
    result[at] = moved
  }
  return result
}
