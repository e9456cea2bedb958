/** Exponential back-off with jitter. */
import type { Entropy } from '@barnabas/base'
import { BACKOFF_JITTER } from '../limits.ts'

export interface BackoffSettings {
  initialMs: number
  maxMs: number
}

/** The wait before the next try after `failures` (1 or more) in a row. */
export function backoffMs(settings: BackoffSettings, failures: number, entropy: Entropy): number {
  const { initialMs, maxMs } = settings
  const exponent = Math.min(Math.max(0, failures - 1), 30)
  const plain = Math.min(initialMs * 2 ** exponent, Math.max(initialMs, maxMs))
  const spread = (entropy.nextU32() / 0x1_0000_0000) * 2 - 1
  return plain * (1 + spread * BACKOFF_JITTER)
}
