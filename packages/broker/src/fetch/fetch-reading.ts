/**
 * Reads the partitions of one fetch, in their order and within its limits. The first that has anything
 * returns at least one batch, however large, so that no consumer is stuck (KIP-74); the others share what
 * is left.
 */
import type { Awaitable } from '@barnabas/base'
import {
  createFetchResponsePartitionData,
  EMPTY_BYTES,
  ErrorCode,
  type FetchResponsePartitionData,
} from '@barnabas/protocol'
import type { FetchTarget } from './fetch-target.ts'
import type { PartitionReading, ReadablePartition, ReadIsolation } from './readable-partition.ts'

/** A target with the partition it means, or the error that there is none. */
export interface ResolvedTarget {
  readonly target: FetchTarget
  readonly partition: ReadablePartition | null
  /** Meaningful without a partition. */
  readonly errorCode: number
}

export interface TargetReading {
  readonly resolved: ResolvedTarget
  readonly reading: PartitionReading
}

export function readTargets(
  targets: readonly ResolvedTarget[],
  isolation: ReadIsolation,
  maxBytes: number,
): Awaitable<TargetReading[]> {
  const run = new Run(targets, isolation, maxBytes)
  const rest = run.go()
  if (!(rest instanceof Promise)) return run.readings
  return rest.then(() => run.readings)
}

/** Gives back the memory of records that are sent, or not needed after all. */
export function releaseReadings(readings: readonly TargetReading[]): void {
  for (const { reading } of readings) reading.release?.()
}

export function failedPartitionData(
  partitionIndex: number,
  errorCode: number,
): FetchResponsePartitionData {
  return createFetchResponsePartitionData({
    partitionIndex,
    errorCode,
    highWatermark: -1,
    // Some clients take null amiss.
    records: EMPTY_BYTES,
  })
}

class Run {
  readonly readings: TargetReading[] = []
  private readonly targets: readonly ResolvedTarget[]
  private readonly isolation: ReadIsolation
  private remainingBytes: number
  private minOneBatch = true

  constructor(targets: readonly ResolvedTarget[], isolation: ReadIsolation, maxBytes: number) {
    this.targets = targets
    this.isolation = isolation
    this.remainingBytes = maxBytes
  }

  /** When a partition throws, what was read before is given back. */
  go(): Awaitable<void> {
    try {
      while (this.readings.length < this.targets.length) {
        const resolved = this.targets[this.readings.length]!
        const reading = this.read(resolved)
        if (reading instanceof Promise) return this.goOn(resolved, reading)
        this.take(resolved, reading)
      }
    } catch (error) {
      releaseReadings(this.readings)
      throw error
    }
  }

  private async goOn(resolved: ResolvedTarget, reading: Promise<PartitionReading>): Promise<void> {
    try {
      this.take(resolved, await reading)
    } catch (error) {
      releaseReadings(this.readings)
      throw error
    }
    return this.go()
  }

  private read({ target, partition, errorCode }: ResolvedTarget): Awaitable<PartitionReading> {
    if (partition === null) {
      const data = failedPartitionData(target.partition, errorCode)
      return { data, sizeBytes: 0, endOffset: target.fetchOffset, release: null }
    }
    return partition.read(target, {
      isolation: this.isolation,
      maxBytes: Math.min(target.maxBytes, this.remainingBytes),
      minOneBatch: this.minOneBatch,
    })
  }

  private take(resolved: ResolvedTarget, reading: PartitionReading): void {
    this.readings.push({ resolved, reading })
    if (reading.sizeBytes > 0) this.minOneBatch = false
    this.remainingBytes = Math.max(0, this.remainingBytes - reading.sizeBytes)
  }
}

/** Whether a fetch is answered at once instead of waiting for more. */
export function isEnough(readings: readonly TargetReading[], minBytes: number): boolean {
  let bytes = 0
  for (const { resolved, reading } of readings) {
    // Partitions that could not be found do not hurry the answer: the others are still waited for.
    if (resolved.partition === null) continue
    const { errorCode, divergingEpoch, preferredReadReplica } = reading.data
    if (errorCode !== ErrorCode.NONE || divergingEpoch.epoch >= 0 || preferredReadReplica >= 0) {
      return true
    }
    bytes += reading.sizeBytes
  }
  return bytes >= minBytes
}
