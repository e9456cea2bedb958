/** The clock of the machine. */
import type { Clock } from '@barnabas/base'

export function createClock(): Clock {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
  }
}
