/** Randomness of the operating system, fetched in blocks: a call for each number would be slow. */
import { randomFillSync } from 'node:crypto'
import type { Entropy } from '@barnabas/base'
import { ENTROPY_BLOCK_WORDS } from './limits.ts'

export function createEntropy(): Entropy {
  return new SystemEntropy()
}

class SystemEntropy implements Entropy {
  private readonly block = new Uint32Array(ENTROPY_BLOCK_WORDS)
  private used = ENTROPY_BLOCK_WORDS

  nextU32(): number {
    if (this.used === ENTROPY_BLOCK_WORDS) {
      randomFillSync(this.block)
      this.used = 0
    }
    const word = this.block[this.used]!
    this.block[this.used++] = 0 // what was given out is kept nowhere
    return word
  }

  fill(into: Uint8Array): void {
    randomFillSync(into)
  }

  /** The system's numbers are independent of one another already. */
  fork(): Entropy {
    return this
  }
}
