/**
 * A fetch that found too little and waits for more: until so many bytes are readable, something about a
 * partition changed that its client must hear of, or its time is up. What it reads in the end is read anew.
 */
import type { DelayedOperation } from '../purgatory.ts'
import type { TargetReading } from './fetch-reading.ts'
import type { ReadablePartition, ReadIsolation } from './readable-partition.ts'

interface Watched {
  readonly partition: ReadablePartition
  readonly maxBytes: number
  /** What the first attempt read already. */
  readonly readBytes: number
  readonly endOffset: number
}

export interface FetchWaitOptions {
  readings: readonly TargetReading[]
  isolation: ReadIsolation
  minBytes: number
  maxWaitMs: number
  complete(): void
  fail(error: unknown): void
}

export class FetchWait implements DelayedOperation<ReadablePartition> {
  readonly keys: readonly ReadablePartition[]
  readonly timeoutMs: number
  private readonly options: FetchWaitOptions
  private readonly watched: Watched[] = []

  constructor(options: FetchWaitOptions) {
    this.options = options
    this.timeoutMs = options.maxWaitMs
    for (const { resolved, reading } of options.readings) {
      const { partition, target } = resolved
      if (partition === null) continue
      this.watched.push({
        partition,
        maxBytes: target.maxBytes,
        readBytes: reading.sizeBytes,
        endOffset: reading.endOffset,
      })
    }
    this.keys = this.watched.map(({ partition }) => partition)
  }

  isSatisfied(): boolean {
    const { isolation, minBytes } = this.options
    let bytes = 0
    for (const { partition, maxBytes, readBytes, endOffset } of this.watched) {
      const more = partition.bytesBehind(endOffset, isolation)
      if (more === Number.POSITIVE_INFINITY) return true
      bytes += Math.min(readBytes + more, maxBytes)
      if (bytes >= minBytes) return true
    }
    return false
  }

  complete(): void {
    this.options.complete()
  }

  fail(error: unknown): void {
    this.options.fail(error)
  }
}
