/**
 * How often something happens, over a window of samples that moves with time, as Kafka's quotas measure
 * it: the oldest sample leaves as a whole, and a window that has only begun counts as if it were full, so
 * that a short burst after a quiet time is no excess.
 */
import { RATE_SAMPLE_MS, RATE_SAMPLES } from './limits.ts'

interface Sample {
  startMs: number
  count: number
}

export class WindowedRate {
  private readonly samples: Sample[] = []

  record(nowMs: number, count = 1): void {
    const newest = this.samples.at(-1)
    if (newest && nowMs - newest.startMs < RATE_SAMPLE_MS) newest.count += count
    else {
      this.samples.push({ startMs: nowMs, count })
      if (this.samples.length > RATE_SAMPLES) this.samples.shift()
    }
  }

  perSecond(nowMs: number): number {
    this.forgetOld(nowMs)
    let count = 0
    for (const sample of this.samples) count += sample.count
    return count / (this.windowMs(nowMs) / 1000)
  }

  /** How long to wait until the rate has come down to `limit` a second, if nothing else happens. */
  excessMs(nowMs: number, limit: number): number {
    const rate = this.perSecond(nowMs)
    return rate <= limit ? 0 : ((rate - limit) / limit) * this.windowMs(nowMs)
  }

  private windowMs(nowMs: number): number {
    const elapsedMs = nowMs - (this.samples[0]?.startMs ?? nowMs)
    const missing = RATE_SAMPLES - 1 - Math.floor(elapsedMs / RATE_SAMPLE_MS)
    return elapsedMs + Math.max(0, missing) * RATE_SAMPLE_MS
  }

  private forgetOld(nowMs: number): void {
    const oldestMs = nowMs - RATE_SAMPLES * RATE_SAMPLE_MS
    while (this.samples.length > 0 && this.samples[0]!.startMs <= oldestMs) this.samples.shift()
  }
}
