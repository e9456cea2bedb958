/** A partition as a fetch sees it. */
import type { Awaitable } from '@barnabas/base'
import type { FetchResponsePartitionData } from '@barnabas/protocol'
import type { FetchTarget } from './fetch-target.ts'

/**
 * Up to where a reader may read: a follower to the end of the log, a consumer to the high watermark, one
 * that wants committed transactions only to the last stable offset.
 */
export type ReadIsolation = 'log-end' | 'uncommitted' | 'committed'

export interface ReadOptions {
  isolation: ReadIsolation
  maxBytes: number
  /** The first batch is returned whatever its size. */
  minOneBatch: boolean
}

export interface PartitionReading {
  readonly data: FetchResponsePartitionData
  readonly sizeBytes: number
  /** Behind the last batch read; the offset asked for when there was none. */
  readonly endOffset: number
  /** Gives back the memory of the records, once they are sent; null when there is nothing to give back. */
  readonly release: (() => void) | null
}

export interface ReadablePartition {
  /** What the protocol foresees (wrong leader, offset out of range) stands in the data of the result. */
  read(target: FetchTarget, options: ReadOptions): Awaitable<PartitionReading>
  /**
   * Bytes that have become readable behind `offset`. Infinite when the reader should look again whatever
   * it waits for: this broker does not lead any more, the log was cut, or how much it is is not known.
   */
  bytesBehind(offset: number, isolation: ReadIsolation): number
}
