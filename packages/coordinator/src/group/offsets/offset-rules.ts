/** What a group has to say about its offsets: who may commit, fetch and delete them, when they expire. */
import type { Uuid } from '@barnabas/protocol'
import type { OffsetAndMetadata } from './offset-and-metadata.ts'

/** Who commits offsets. */
export interface Committer {
  readonly memberId: string
  readonly groupInstanceId: string | null
  /** Generation of a classic group, member epoch of a consumer group; negative outside of groups. */
  readonly generationId: number
  readonly transactional: boolean
  readonly apiVersion: number
}

/** Refuses the commit of a partition, and with it the request, by an `ApiError`. */
export type PartitionRule = (topicId: Uuid, partition: number) => void

/** What is refused ends in an `ApiError`. */
export interface OffsetRules {
  /** What is still to be checked for each partition; null when nothing is. */
  validateCommit(committer: Committer): PartitionRule | null
  /** By what is committed up to `offset`. */
  validateFetch(memberId: string | null, memberEpoch: number, offset: number): void
  validateDelete(): void
  /** Offsets of topics that members read are neither deleted nor do they expire. */
  isSubscribedTo(topic: string): boolean
  /** The time from which an offset's retention counts; null when none expires now. */
  expiryBase(): ((offset: OffsetAndMetadata) => number) | null
}
